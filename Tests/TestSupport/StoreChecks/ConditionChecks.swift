import ObjectStorage

extension StoreCheck {
    static let conditionChecks: [StoreCheck] = [
        StoreCheck("put-if-absent takes a free key and refuses a taken one") { store in
            _ = try await store.put([1], to: key("c"), when: .absent)
            let error = try await requireError(.conflict, "second put-if-absent") {
                _ = try await store.put([2], to: key("c"), when: .absent)
            }
            try require(!error.mayHaveHappened, "a plain refusal is reported as ambiguous")
            try require(try await store.bytes(of: key("c")) == [1], "the refused body was stored")
        },
        StoreCheck("put-if-absent works again after a delete") { store in
            _ = try await store.put([1], to: key("c/d"), when: .absent)
            _ = try await store.delete([key("c/d")])
            _ = try await store.put([2], to: key("c/d"), when: .absent)
            try require(try await store.bytes(of: key("c/d")) == [2], "other bytes")
        },
        StoreCheck("put-if-matches takes the right tag and refuses an old one") { store in
            let first = try await store.put([1], to: key("c"))
            let second = try await store.put([2], to: key("c"), when: .matches(first.tag))
            try require(first.tag != second.tag, "the tag did not change")
            try await requireError(.conflict, "put with an old tag") {
                _ = try await store.put([3], to: key("c"), when: .matches(first.tag))
            }
            try require(try await store.bytes(of: key("c")) == [2], "the refused body was stored")
            _ = try await store.put([4], to: key("c"), when: .matches(try await store.head(key("c")).tag))
        },
        StoreCheck("put-if-matches on a missing key is a conflict") { store in
            let tag = try await store.put([1], to: key("c")).tag
            _ = try await store.delete([key("c")])
            try await requireError(.conflict, "put on a deleted key") {
                _ = try await store.put([2], to: key("c"), when: .matches(tag))
            }
            try await requireError(.conflict, "put on a key that never was") {
                _ = try await store.put([2], to: key("d/e"), when: .matches(tag))
            }
            try await expectListing("", [], of: store)
        },
        StoreCheck("different contents have different tags, however quickly they are written") { store in
            var tags: Set<EntityTag> = []
            for number in 0..<UInt8(100) { tags.insert(try await store.put([number], to: key("quick")).tag) }
            try require(tags.count == 100, "only \(tags.count) tags for 100 contents")
        },
        StoreCheck("of eight racing put-if-absent exactly one wins") { store in
            for round in 0..<10 {
                let key = try key("race/\(round)")
                let wins = try await race(8) { writer in
                    _ = try await store.put([UInt8(writer)], to: key, when: .absent)
                }
                try require(wins.count == 1, "round \(round): \(wins.count) winners")
                try require(try await store.bytes(of: key) == [UInt8(wins[0])], "the winner's bytes are not there")
            }
        },
        StoreCheck("of eight racing put-if-matches exactly one wins") { store in
            let key = try key("race")
            var tag = try await store.put([0], to: key).tag
            for round in 0..<10 {
                let wins = try await race(8) { [tag] writer in
                    _ = try await store.put([UInt8(writer), UInt8(round)], to: key, when: .matches(tag))
                }
                try require(wins.count == 1, "round \(round): \(wins.count) winners")
                try require(
                    try await store.bytes(of: key) == [UInt8(wins[0]), UInt8(round)], "the winner's bytes are not there"
                )
                tag = try await store.head(key).tag
            }
        },
        StoreCheck("a counter kept by put-if-matches loses no increment") { store in
            let key = try key("counter")
            _ = try await store.put(Array("0".utf8), to: key)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<10 { try await increment(key, in: store) } }
                }
                try await group.waitForAll()
            }
            let text = String(decoding: try await store.bytes(of: key), as: UTF8.self)
            try require(text == "40", "the counter says \(text), not 40")
        },
    ]

    /// Runs `count` writers at once and answers which won; a conflict is a loss, any other error fails the check.
    private static func race(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for writer in 0..<count {
                group.addTask {
                    do {
                        try await body(writer)
                        return writer
                    } catch let error as StoreError where error.kind == .conflict {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { if let winner = $1 { $0.append(winner) } }
        }
    }

    private static func increment(_ key: ObjectKey, in store: any ObjectStore) async throws {
        for _ in 0..<1000 {
            let content = try await store.get(key, range: nil, bytesMax: 100)
            let value = Int(String(decoding: content.bytes, as: UTF8.self)) ?? -1000
            do {
                _ = try await store.put(Array("\(value + 1)".utf8), to: key, when: .matches(content.info.tag))
                return
            } catch {
                guard error.kind == .conflict else { throw error }
            }
        }
        throw CheckFailure("1,000 conflicts in a row")
    }
}
