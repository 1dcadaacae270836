import TestSupport
import Testing

@testable import ObjectStorage

@Suite("Keys as paths")
struct DirectoryLayoutTests {
    let layout = DirectoryLayout(root: "/lake")

    @Test("the folders of a lake stand as they are, for globs")
    func readable() throws {
        let key = try #require(ObjectKey("orders/data/date=2026-11-21/hour=05/shard=0003/a.ndjson.zst"))
        #expect(layout.path(of: key) == "/lake/orders/data/date=2026-11-21/hour=05/shard=0003/a.ndjson.zst")
    }

    @Test("a path never leaves the root, and every name of it fits a file system", arguments: NastyKeys.all + long)
    func contained(_ text: String) throws {
        let path = layout.path(of: try #require(ObjectKey(text)))
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        #expect(path.utf8.starts(with: "/lake/".utf8))
        for name in names {
            let name = String(Substring(name))
            #expect(!["", ".", "..", DirectoryLayout.ownFolder].contains(name))
            #expect(name.utf8.count <= 255)
        }
    }

    @Test("a segment is read back from its names", arguments: NastyKeys.all + long)
    func roundTrip(_ text: String) throws {
        for segment in text.utf8.split(separator: UInt8(ascii: "/")) {
            let segment = Substring(segment)
            let names = DirectoryLayout.names(of: segment)
            let decoded = try names.map { try #require(DirectoryLayout.decode($0)) }
            var joined = ""
            for (index, piece) in decoded.enumerated() {
                switch piece {
                case .beginning(let text):
                    #expect(index < names.count - 1)
                    joined += text
                case .end(let text):
                    #expect(index == names.count - 1)
                    joined += text
                }
            }
            #expect(joined.utf8.elementsEqual(segment.utf8))
        }
    }

    @Test(
        "a name that no key has is somebody else's file",
        arguments: [".varve-staging", "100%", "%", "%2", "%41", "%2Ehidden", "a%2E", "%2e", "%+x", "%25%"])
    func foreign(_ name: String) {
        #expect(DirectoryLayout.decode(name) == nil)
    }

    /// Segments that are cut, also where the cut would leave `.` or `..` or half an escape.
    static let long =
        ["k", "%", "ü", "😀", "."].flatMap { text in
            [249, 250, 251, 252, 253, 500].compactMap { count -> String? in
                let long = String(repeating: text, count: count)
                return long.utf8.count <= 1024 ? long : nil
            }
        } + [1, 2].map { String(repeating: "k", count: 250) + String(repeating: ".", count: $0) }
        + [String(repeating: "k", count: 250) + ".varve-staging"]
}
