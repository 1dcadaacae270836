import LakeModel
import ObjectStorage

extension StoreCheck {
    static let listChecks: [StoreCheck] = [
        StoreCheck("a prefix is a plain string, not a folder") { store in
            try await store.fill(try ["a/bc", "a/b/c", "a/c", "ab", "b"].map { try key($0) })
            try await expectListing("a/b", ["a/b/c", "a/bc"], of: store)
        },
        StoreCheck("a prefix that ends with a slash is segment-exact") { store in
            try await store.fill(try ["a/b/c", "a/b/d", "a/bc", "a-b", "ab/c"].map { try key($0) })
            try await expectListing("a/b/", ["a/b/c", "a/b/d"], of: store)
            try await expectListing("a/", ["a/b/c", "a/b/d", "a/bc"], of: store)
            try await expectListing("a", ["a-b", "a/b/c", "a/b/d", "a/bc", "ab/c"], of: store)
        },
        StoreCheck("a prefix without keys lists nothing") { store in
            try await expectListing("", [], of: store)
            _ = try await store.put([1], to: key("a/b"))
            for prefix in ["c", "a/b/", "a/c", "a//", "/", "..", "../", "a/../"] {
                try await expectListing(prefix, [], of: store)
            }
        },
        StoreCheck("start-after is exclusive and need not exist") { store in
            try await store.fill(try ["k/1", "k/2", "k/3", "l/1"].map { try key($0) })
            try await expectListing("k/", after: "k/1", ["k/2", "k/3"], of: store)
            try await expectListing("k/", after: "k/15", ["k/2", "k/3"], of: store)
            try await expectListing("k/", after: "a", ["k/1", "k/2", "k/3"], of: store)
            try await expectListing("k/", after: "k/3", [], of: store)
            try await expectListing("k/", after: "z", [], of: store)
            try await expectListing("", after: "k/2", ["k/3", "l/1"], of: store)
        },
        StoreCheck("start-after compares bytes, also across folders") { store in
            let keys = ["a-b", "a/b/c", "a0", "b"]
            try await store.fill(try keys.map { try key($0) })
            for start in ["a", "a-", "a-b", "a.", "a/", "a/b/c", "a/z", "a0", "b"] {
                let expected = keys.sorted().filter { $0 > start }
                try await expectListing("", after: start, expected, of: store)
            }
        },
        StoreCheck("listings say size, tag and time as head does") { store in
            let info = try await store.put([1, 2, 3], to: key("a/b"))
            let listed = try await store.listAll(prefix: "a/")
            try require(listed.count == 1 && listed[0].bytes == 3, "listed as \(listed)")
            try require(listed[0].tag == info.tag, "listed with tag \(listed[0].tag), put with \(info.tag)")
            let head = try await store.head(key("a/b"))
            let difference = abs(head.modifiedAt.milliseconds - listed[0].modifiedAt.milliseconds)
            try require(difference < 1000, "times differ by \(difference) ms")
        },
        StoreCheck("pages are bounded, complete and never repeat a key") { store in
            let keys = try (0..<25).map { try key("p/\($0 % 5)/\($0)") }
            try await store.fill(keys)
            var request = ListRequest(prefix: "p/", keysMax: 10)
            var seen: [ObjectKey] = []
            for _ in 0..<100 {
                let page = try await store.list(request)
                try require(page.objects.count <= 10, "a page of \(page.objects.count)")
                seen += page.objects.map(\.key)
                guard let next = page.next else { break }
                request.continuation = next
            }
            try require(seen.count == 25 && Set(seen) == Set(keys), "\(seen.count) keys, \(Set(seen).count) different")
        },
        StoreCheck("2,500 keys need three pages and all come", isSlow: true) { store in
            let keys = try (0..<2500).map { try key("many/\($0 % 7)/\($0)") }
            try await store.fill(keys)
            let listed = try await store.listAll(prefix: "many/")
            try require(listed.map(\.key) == keys.sorted(), "\(listed.count) keys")
            let page = try await store.list(ListRequest(prefix: "many/"))
            try require(page.objects.count <= 1000 && page.next != nil, "a page of \(page.objects.count)")
            for start in stride(from: 0, to: 2500, by: 1000) {
                let failures = try await store.delete(Array(keys[start..<min(2500, start + 1000)]))
                try require(failures.isEmpty, "not deleted: \(failures.prefix(3))")
            }
            try await expectListing("many/", [], of: store)
        },
        StoreCheck("a put is listed at once, a delete too") { store in
            for number in 0..<10 {
                let key = try key("now/\(number)")
                _ = try await store.put([1], to: key)
                try require(try await store.listAll(prefix: "now/").map(\.key) == [key], "put \(number) not listed")
                _ = try await store.delete([key])
                try require(try await store.listAll(prefix: "now/").isEmpty, "delete \(number) still listed")
            }
        },
    ]
}
