@testable import Catalog
@testable import LakeModel

extension FuzzTarget {
    /// Control files: what is read is written and read again as the same.
    static let catalogJSON = FuzzTarget(name: "catalog-json") { bytes in
        let bytes = Array(bytes)
        if let commit = try? CatalogJSON.decode(Commit.self, from: bytes, format: Commit.currentFormat, place: "p") {
            var head = TableHead()
            _ = try? head.apply(commit)
            for object in commit.add { _ = ObjectRules.fault(of: object) }
            let again = (try? CatalogJSON.encode(commit)).flatMap {
                try? CatalogJSON.decode(Commit.self, from: $0, format: Commit.currentFormat, place: "p")
            }
            require(again == commit, "a commit is written and read back")
        }
        _ = try? CatalogJSON.decode(Boundary.self, from: bytes, format: 1, place: "p")
        _ = try? CatalogJSON.decode(LatestHint.self, from: bytes, format: 1, place: "p")
    }

    /// Manifest lines: what is read is written and read again as the same.
    static let manifest = FuzzTarget(name: "manifest") { bytes in
        guard let objects = try? ManifestCodec.decode(Array(bytes), place: "p") else { return }
        for object in objects { _ = ObjectRules.fault(of: object) }
        let again = try? ManifestCodec.decode(ManifestCodec.encode(objects), place: "p")
        require(again == objects, "manifest lines are written and read back")
    }

    static let checkpointList = FuzzTarget(name: "checkpoint-list") { bytes in
        guard let checkpoint = try? ManifestCodec.decodeList(Array(bytes), version: 7, place: "p") else { return }
        let again = (try? ManifestCodec.encode(checkpoint)).flatMap {
            try? ManifestCodec.decodeList($0, version: 7, place: "p")
        }
        require(again == checkpoint, "a checkpoint list is written and read back")
    }

    /// RFC 3339 by three readers, which agree.
    static let times = FuzzTarget(name: "times") { bytes in
        let parsed = Timestamp.parse(bytes)
        if let parsed {
            require(Timestamp.parse(Array(parsed.description.utf8)) == parsed, "a time is written and read back")
        }
        let fast = FastTime.parse(bytes.assumingMemoryBound(to: UInt8.self))
        if let fast { require(fast == parsed, "the catalog's fast reader agrees with the general one") }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.utf8.elementsEqual(bytes) {
            require(Timestamp(text) == parsed, "a time is the same from a text and from bytes")
        }
        numbers(bytes)
    }
}
