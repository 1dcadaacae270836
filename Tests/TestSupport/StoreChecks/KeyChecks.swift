import ObjectStorage

/// Names that have broken signers, URL encoders, XML parsers and path handling elsewhere.
public enum NastyKeys {
    public static let all: [String] = [
        "plain", "with space", " leading", "trailing ", "two  spaces", "plus+plus", "per%cent", "per%20cent",
        "per%2Fcent", "per%25", "amp&ersand", "eq=uals", "a=b/c=d/e=f", "quest?ion", "quest?x=1&y=2", "ha#sh",
        "apos'trophe", "quo\"te", "less<than>", "semi;colon", "co:lon", "com,ma", "at@sign", "dol$lar", "ex!clam",
        "star*", "(parens)", "[brackets]", "{braces}", "pipe|", "back\\slash", "care^t", "tick`", "tilde~",
        "~home", "-dash", "_under", "dot.", ".hidden", "...", "a/.../b", "a/.b/..c", "Ünïcödé", "日本語/キー",
        "emoji-😀", "e\u{301}-decomposed", "é-composed", "\u{FEFF}bom", "\u{200B}zero-width", "\u{202E}bidi",
        "\u{301}combining", "a/\u{301}mark-after-slash", "date=2026-11-21/hour=05/shard=0003/0000.ndjson.zst",
        "UPPER", "upper", "%", "%%", "%2E", "%2e%2e", "&amp;", "a&lt;b", ".varve-staging", "a/.varve-staging/x",
        "..a", "a..", "null", "-", "--", "x-amz-meta", "=", "+", "key\u{A0}nbsp", "\u{10FFFF}",
    ]
}

extension StoreCheck {
    static let keyChecks: [StoreCheck] = [
        StoreCheck("every nasty key can be put, read, listed and deleted") { store in
            for text in NastyKeys.all { try await roundTrip(key(text), in: store) }
        },
        StoreCheck("all nasty keys together are listed exactly") { store in
            let keys = try NastyKeys.all.map { try key($0) }
            try await store.fill(keys)
            let listed = try await store.listAll(prefix: "").map(\.key)
            try require(listed == keys.sorted(), "differs in \(Set(listed).symmetricDifference(keys))")
            let failures = try await store.delete(keys)
            try require(failures.isEmpty, "not deleted: \(failures)")
            try await expectListing("", [], of: store)
        },
        StoreCheck("keys of 1,024 bytes are kept whole, also in one segment") { store in
            let one = String(repeating: "k", count: 1024)
            let deep = Array(repeating: "d", count: 512).joined(separator: "/") + "e"
            let wide = String(repeating: "ü", count: 512)
            let percents = String(repeating: "%", count: 1024)
            let keys = try [one, deep, wide, percents, String(one.dropLast()), String(one.prefix(300)) + "/x"].map {
                try key($0)
            }
            for key in keys { _ = try await store.put(Array(key.description.utf8), to: key) }
            for key in keys {
                let bytes = try await store.bytes(of: key)
                try require(bytes == Array(key.description.utf8), "other bytes for a key of \(key.description.count)")
            }
            let listed = try await store.listAll(prefix: "").map(\.key)
            try require(Set(listed) == Set(keys) && listed.count == keys.count, "listing differs")
        },
        StoreCheck("a key and a key below it exist side by side") { store in
            _ = try await store.put([1], to: key("a"))
            _ = try await store.put([2], to: key("a/b"))
            try await expectListing("", ["a", "a/b"], of: store)
            _ = try await store.delete([key("a")])
            try await expectListing("", ["a/b"], of: store)
        },
        StoreCheck("keys that differ only in Unicode form are different") { store in
            _ = try await store.put([1], to: key("\u{E9}"))
            _ = try await store.put([2], to: key("e\u{301}"))
            let first = try await store.bytes(of: key("\u{E9}"))
            try require(first == [1], "one form reads the other")
            try require(try await store.listAll(prefix: "\u{E9}").count == 1, "a prefix matches the other form")
        },
        StoreCheck("an object can take the key that was a folder before, and the reverse") { store in
            _ = try await store.put([1], to: key("x/y/z"))
            _ = try await store.delete([key("x/y/z")])
            _ = try await store.put([2], to: key("x"))
            _ = try await store.delete([key("x")])
            _ = try await store.put([3], to: key("x/y"), when: .absent)
            try await expectListing("", ["x/y"], of: store)
        },
    ]

    private static func roundTrip(_ key: ObjectKey, in store: any ObjectStore) async throws {
        let body = Array("body of \(key)".utf8)
        let put = try await store.put(body, to: key)
        let content = try await store.get(key, range: nil, bytesMax: 1 << 20)
        try require(content.bytes == body, "\(key): other bytes came back")
        try require(content.info.tag == put.tag, "\(key): the tag changed")
        let head = try await store.head(key)
        try require(head.bytes == Int64(body.count), "\(key): head says \(head.bytes) bytes")
        for prefix in ["", key.description] {
            let listed = try await store.listAll(prefix: prefix)
            try require(listed.map(\.key) == [key], "\(key): listed with '\(prefix)' as \(listed.map(\.key))")
        }
        let failures = try await store.delete([key])
        try require(failures.isEmpty, "\(key): not deleted: \(failures)")
        try await requireError(.notFound, "\(key) after its deletion") { _ = try await store.head(key) }
    }

    static func expectListing(
        _ prefix: String, after: String? = nil, _ expected: [String], of store: any ObjectStore
    ) async throws {
        let listed = try await store.listAll(prefix: prefix, after: after).map(\.key.description)
        try require(listed == expected, "prefix '\(prefix)' after '\(after ?? "")': \(listed), not \(expected)")
    }
}
