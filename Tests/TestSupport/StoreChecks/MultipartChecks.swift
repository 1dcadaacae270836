import ObjectStorage

extension StoreCheck {
    static let multipartChecks: [StoreCheck] = [
        StoreCheck("an upload is invisible until completed", isSlow: true) { store in
            let key = try key("mp/big")
            let upload = try await store.createUpload(to: key, options: PutOptions(metadata: ["a": "1"]))
            let bodies = [pattern(partBytesMin), pattern(partBytesMin + 1, seed: 1), pattern(10, seed: 2)]
            var parts: [UploadedPart] = []
            for (index, body) in bodies.enumerated() {
                parts.append(try await store.putPart(index + 1, ObjectBody(body), of: upload, to: key))
                try await requireError(.notFound, "head before completion") { _ = try await store.head(key) }
            }
            try await expectListing("", [], of: store)
            try require(try await store.listUploads(prefix: "mp/").map(\.upload) == [upload], "upload not listed")
            let listed = try await store.listParts(upload, of: key)
            try require(listed.map(\.number) == [1, 2, 3], "parts \(listed.map(\.number))")
            try require(listed.map(\.bytes) == bodies.map { Int64($0.count) }, "sizes \(listed.map(\.bytes))")
            _ = try await store.completeUpload(upload, of: key, parts: parts, options: PutOptions())
            try require(try await store.bytes(of: key) == ObjectBody(chunks: bodies).bytes, "other bytes")
            let metadata = try await store.head(key).metadata
            try require(metadata == ["a": "1"], "metadata \(metadata)")
            try require(try await store.listUploads(prefix: "mp/").isEmpty, "still listed as pending")
        },
        StoreCheck("a part put again replaces the earlier one", isSlow: true) { store in
            let key = try key("mp")
            let upload = try await store.createUpload(to: key, options: PutOptions())
            _ = try await store.putPart(1, ObjectBody(pattern(partBytesMin)), of: upload, to: key)
            let last = try await store.putPart(2, ObjectBody([1, 2, 3]), of: upload, to: key)
            let first = try await store.putPart(1, ObjectBody(pattern(partBytesMin, seed: 9)), of: upload, to: key)
            _ = try await store.completeUpload(upload, of: key, parts: [first, last], options: PutOptions())
            try require(try await store.bytes(of: key) == pattern(partBytesMin, seed: 9) + [1, 2, 3], "other bytes")
        },
        StoreCheck("parts may come in any order and leave numbers out", isSlow: true) { store in
            let key = try key("mp")
            let upload = try await store.createUpload(to: key, options: PutOptions())
            let last = try await store.putPart(9, ObjectBody([9]), of: upload, to: key)
            let first = try await store.putPart(4, ObjectBody(pattern(partBytesMin)), of: upload, to: key)
            _ = try await store.completeUpload(upload, of: key, parts: [first, last], options: PutOptions())
            try require(try await store.bytes(of: key) == pattern(partBytesMin) + [9], "other bytes")
        },
        StoreCheck("an upload of one small part completes") { store in
            _ = try await complete(try key("mp/small"), [1, 2, 3], in: store)
            try require(try await store.bytes(of: key("mp/small")) == [1, 2, 3], "other bytes")
        },
        StoreCheck("a middle part under the least size is refused") { store in
            let key = try key("mp")
            let upload = try await store.createUpload(to: key, options: PutOptions())
            let parts = [
                try await store.putPart(1, ObjectBody([1]), of: upload, to: key),
                try await store.putPart(2, ObjectBody([2]), of: upload, to: key),
            ]
            try await requireError(.invalid, "complete") {
                _ = try await store.completeUpload(upload, of: key, parts: parts, options: PutOptions())
            }
            try await requireError(.notFound, "head") { _ = try await store.head(key) }
            try await store.abortUpload(upload, of: key)
        },
        StoreCheck("a completion with a part that was never put is refused") { store in
            let key = try key("mp")
            let upload = try await store.createUpload(to: key, options: PutOptions())
            var part = try await store.putPart(1, ObjectBody([1]), of: upload, to: key)
            part.tag = EntityTag("00000000000000000000000000000000")
            try await requireError(.invalid, "complete") { [part] in
                _ = try await store.completeUpload(upload, of: key, parts: [part], options: PutOptions())
            }
            try await requireError(.notFound, "head") { _ = try await store.head(key) }
            try await store.abortUpload(upload, of: key)
        },
        StoreCheck("an aborted upload is gone with its parts") { store in
            let key = try key("mp")
            let upload = try await store.createUpload(to: key, options: PutOptions())
            let part = try await store.putPart(1, ObjectBody([1]), of: upload, to: key)
            try await store.abortUpload(upload, of: key)
            try require(try await store.listUploads(prefix: "").isEmpty, "still listed")
            try await requireError(.notFound, "part of an aborted upload") {
                _ = try await store.putPart(2, ObjectBody([1]), of: upload, to: key)
            }
            try await requireError(.notFound, "completion of an aborted upload") {
                _ = try await store.completeUpload(upload, of: key, parts: [part], options: PutOptions())
            }
            try await requireError(.notFound, "head") { _ = try await store.head(key) }
        },
        StoreCheck("an unknown upload is not found") { store in
            let key = try key("mp")
            for text in ["nonsense", "../../etc", "a/b"] {
                try await requireError(.notFound, "part of upload \(text)") {
                    _ = try await store.putPart(1, ObjectBody([1]), of: UploadID(text), to: key)
                }
            }
        },
        StoreCheck("pending uploads are listed by key prefix") { store in
            var uploads: [UploadID] = []
            for text in ["u/a", "u/a", "u/b", "v/a"] {
                uploads.append(try await store.createUpload(to: key(text), options: PutOptions()))
            }
            let listed = try await store.listUploads(prefix: "u/")
            try require(Set(listed.map(\.upload)) == Set(uploads.prefix(3)), "listed \(listed)")
            let all = try await store.listUploads(prefix: "")
            for pending in all { try await store.abortUpload(pending.upload, of: pending.key) }
            try require(try await store.listUploads(prefix: "").isEmpty, "still listed")
        },
        StoreCheck("a completion obeys put conditions") { store in
            let key = try key("mp")
            _ = try await store.put([1], to: key)
            let upload = try await store.createUpload(to: key, options: PutOptions())
            let part = try await store.putPart(1, ObjectBody([2]), of: upload, to: key)
            try await requireError(.conflict, "completion on a taken key") {
                _ = try await store.completeUpload(
                    upload, of: key, parts: [part], options: PutOptions(condition: .absent))
            }
            try require(try await store.bytes(of: key) == [1], "the object was replaced")
            try await store.abortUpload(upload, of: key)
        },
    ]

    private static func complete(
        _ key: ObjectKey, _ bytes: [UInt8], in store: any ObjectStore
    ) async throws -> ObjectInfo {
        let upload = try await store.createUpload(to: key, options: PutOptions())
        let part = try await store.putPart(1, ObjectBody(bytes), of: upload, to: key)
        return try await store.completeUpload(upload, of: key, parts: [part], options: PutOptions())
    }
}
