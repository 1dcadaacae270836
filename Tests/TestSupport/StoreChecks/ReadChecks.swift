import ObjectStorage

extension StoreCheck {
    static let readChecks: [StoreCheck] = [
        StoreCheck("a missing key is not found") { store in
            for text in ["missing", "missing/too"] {
                try await requireError(.notFound, "get") { _ = try await store.bytes(of: key(text)) }
                try await requireError(.notFound, "head") { _ = try await store.head(key(text)) }
            }
            try require(try await store.getIfPresent(key("missing")) == nil, "getIfPresent found something")
        },
        StoreCheck("a folder of keys is not an object") { store in
            _ = try await store.put([1], to: key("a/b/c"))
            for text in ["a", "a/b"] {
                try await requireError(.notFound, "get \(text)") { _ = try await store.bytes(of: key(text)) }
                try await requireError(.notFound, "head \(text)") { _ = try await store.head(key(text)) }
                _ = try await store.delete([key(text)])
            }
            try await requireError(.notFound, "get below an object") { _ = try await store.bytes(of: key("a/b/c/d")) }
            try await expectListing("", ["a/b/c"], of: store)
        },
        StoreCheck("an empty object is an object") { store in
            let info = try await store.put([], to: key("empty"))
            try require(info.bytes == 0, "put says \(info.bytes) bytes")
            let content = try await store.get(key("empty"), range: nil, bytesMax: 0)
            try require(content.bytes.isEmpty && content.info.bytes == 0, "it has bytes")
            try await expectListing("", ["empty"], of: store)
        },
        StoreCheck("a put replaces the whole object") { store in
            _ = try await store.put(pattern(10_000), to: key("r"))
            _ = try await store.put([7], to: key("r"))
            try require(try await store.bytes(of: key("r")) == [7], "old bytes remain")
        },
        StoreCheck("a body of many chunks arrives as one", isSlow: true) { store in
            let chunks = (0..<24).map { pattern(700_001 + $0, seed: UInt8($0)) }
            let info = try await store.put(ObjectBody(chunks: chunks), to: key("big"), options: PutOptions())
            let whole = ObjectBody(chunks: chunks).bytes
            try require(info.bytes == Int64(whole.count), "put says \(info.bytes) bytes")
            try require(try await store.bytes(of: key("big")) == whole, "other bytes came back")
        },
        StoreCheck("ranges are exact, also at the ends") { store in
            let body = pattern(1000)
            let info = try await store.put(body, to: key("r"))
            let cases: [(ByteRange, Range<Int>)] = [
                (.from(0, count: 1), 0..<1), (.from(10, count: 20), 10..<30), (.from(990, count: 100), 990..<1000),
                (.from(999, count: 1), 999..<1000), (.from(0, count: .max), 0..<1000),
                (.from(5, count: .max), 5..<1000), (.suffix(1), 999..<1000), (.suffix(100), 900..<1000),
                (.suffix(1000), 0..<1000), (.suffix(5000), 0..<1000),
            ]
            for (range, expected) in cases {
                let content = try await store.get(key("r"), range: range, bytesMax: 1000)
                try require(content.bytes == Array(body[expected]), "\(range) gave \(content.bytes.count) bytes")
                try require(content.info.bytes == 1000, "\(range): info is of \(content.info.bytes) bytes")
                try require(content.info.tag == info.tag, "\(range): another tag")
            }
        },
        StoreCheck("a range with no byte in the object is invalid") { store in
            _ = try await store.put(pattern(10), to: key("r"))
            for range in [ByteRange.from(10, count: 1), .from(1 << 40, count: 1), .from(0, count: 0), .suffix(0)] {
                try await requireError(.invalid, "\(range)") {
                    _ = try await store.get(key("r"), range: range, bytesMax: 100)
                }
            }
        },
        StoreCheck("more bytes than asked for are refused") { store in
            _ = try await store.put(pattern(1000), to: key("r"))
            try await requireError(.invalid, "999 of 1,000 bytes") {
                _ = try await store.get(key("r"), range: nil, bytesMax: 999)
            }
            _ = try await store.get(key("r"), range: nil, bytesMax: 1000)
            _ = try await store.get(key("r"), range: .from(0, count: 10), bytesMax: 10)
        },
        StoreCheck("user metadata and content type travel with an object") { store in
            var options = PutOptions(contentType: "application/zstd")
            options.metadata = ["varve-commit": "0123abc", "note": "spaces, = and % are fine"]
            _ = try await store.put(ObjectBody([1]), to: key("m"), options: options)
            let head = try await store.head(key("m"))
            try require(head.metadata == options.metadata, "head says \(head.metadata)")
            let content = try await store.get(key("m"), range: nil, bytesMax: 1)
            try require(content.info.metadata == options.metadata, "get says \(content.info.metadata)")
            _ = try await store.put([2], to: key("m"))
            let after = try await store.head(key("m")).metadata
            try require(after.isEmpty, "the next object inherited \(after)")
        },
        StoreCheck("metadata that would break a header is refused") { store in
            let bad =
                ["a\r\nx-evil": "1", "UPPER": "1", "": "1", "with space": "1", "ü": "1"]
                .map { [$0.key: $0.value] } + ["1\r\nX-Evil: 1", "1\n", "\0", "ü", "\u{7F}"].map { ["a": $0] }
            for metadata in bad {
                let options = PutOptions(metadata: metadata)
                try await requireError(.invalid, "metadata \(metadata)") {
                    _ = try await store.put(ObjectBody([1]), to: key("m"), options: options)
                }
                try await requireError(.invalid, "upload with metadata \(metadata)") {
                    _ = try await store.createUpload(to: key("m"), options: options)
                }
            }
            try await expectListing("", [], of: store)
        },
        StoreCheck("readers during rewrites see whole objects", isSlow: true) { store in
            let key = try key("atomic")
            _ = try await store.put([UInt8](repeating: 0, count: 200_000), to: key)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for byte in 1..<UInt8(20) {
                        _ = try await store.put([UInt8](repeating: byte, count: 200_000 + Int(byte)), to: key)
                    }
                }
                group.addTask {
                    for _ in 0..<60 {
                        let bytes = try await store.bytes(of: key)
                        let whole = [UInt8](repeating: bytes.first ?? 0, count: 200_000 + Int(bytes.first ?? 0))
                        try require(bytes == whole, "a part of an object, or a mixture of two, was read")
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    static func pattern(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
        // A prime length, so that parts put together in a wrong order differ; one block, as debug builds are slow.
        let block = (0..<4093).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) &+ seed }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count { bytes += block }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
