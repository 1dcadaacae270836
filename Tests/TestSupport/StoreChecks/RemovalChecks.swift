import ObjectStorage

/// Deletes and copies.
extension StoreCheck {
    static let removalChecks: [StoreCheck] = [
        StoreCheck("deleting a missing key succeeds") { store in
            let failures = try await store.delete([key("never"), key("never/there")])
            try require(failures.isEmpty, "\(failures)")
            let none = try await store.delete([])
            try require(none.isEmpty, "\(none)")
        },
        StoreCheck("a delete takes what it names and nothing else") { store in
            try await store.fill(try ["d/1", "d/10", "d/2", "d/3/x"].map { try key($0) })
            let failures = try await store.delete([key("d/1"), key("d/3/x"), key("d/none")])
            try require(failures.isEmpty, "\(failures)")
            try await expectListing("", ["d/10", "d/2"], of: store)
        },
        StoreCheck("1,000 keys are deleted in one call", isSlow: true) { store in
            let keys = try (0..<1000).map { try key("d/\($0)") }
            try await store.fill(keys)
            let failures = try await store.delete(keys)
            try require(failures.isEmpty, "\(failures.prefix(3))")
            try await expectListing("", [], of: store)
        },
        StoreCheck("a copy has the bytes and the metadata of its source") { store in
            var options = PutOptions()
            options.metadata = ["a": "1"]
            _ = try await store.put(ObjectBody(pattern(1000)), to: key("from/it"), options: options)
            _ = try await store.copy(key("from/it"), to: key("to/it %&+=ü"), options: PutOptions())
            try require(try await store.bytes(of: key("to/it %&+=ü")) == pattern(1000), "other bytes")
            let metadata = try await store.head(key("to/it %&+=ü")).metadata
            try require(metadata == ["a": "1"], "metadata \(metadata)")
            _ = try await store.delete([key("from/it")])
            try require(try await store.bytes(of: key("to/it %&+=ü")).count == 1000, "it went with its source")
        },
        StoreCheck("a copy with metadata has that instead") { store in
            _ = try await store.put(ObjectBody([1]), to: key("from"), options: PutOptions(metadata: ["a": "1"]))
            _ = try await store.copy(key("from"), to: key("to"), options: PutOptions(metadata: ["b": "2"]))
            let metadata = try await store.head(key("to")).metadata
            try require(metadata == ["b": "2"], "metadata \(metadata)")
        },
        StoreCheck("a copy of a missing key is not found") { store in
            try await requireError(.notFound, "copy") {
                _ = try await store.copy(key("never"), to: key("to"), options: PutOptions())
            }
            try await expectListing("", [], of: store)
        },
        StoreCheck("copy obeys put conditions on its target") { store in
            _ = try await store.put([1], to: key("from"))
            _ = try await store.copy(key("from"), to: key("to"), options: PutOptions(condition: .absent))
            _ = try await store.put([2], to: key("from"))
            try await requireError(.conflict, "copy to a taken key") {
                _ = try await store.copy(key("from"), to: key("to"), options: PutOptions(condition: .absent))
            }
            try require(try await store.bytes(of: key("to")) == [1], "the target changed")
        },
    ]
}
