import ObjectStorage
import TestSupport
import Testing

@Suite("Object keys")
struct ObjectKeyTests {
    @Test(
        "what could leave its folder or inject a header is not a key",
        arguments: [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/.", "./a", "a/..", "../a", "a/../b", "a/./b", "a\nb",
            "a\r\nX: 1",
            "a\0b", "a\u{7F}", "\u{1B}[31m", String(repeating: "k", count: 1025), String(repeating: "ü", count: 513),
            "a/../\u{301}b", "a//\u{301}b", "\u{301}/../b",
        ])
    func refused(_ text: String) {
        #expect(ObjectKey(text) == nil)
    }

    @Test("every nasty but harmless name is a key", arguments: NastyKeys.all)
    func accepted(_ text: String) {
        #expect(ObjectKey(text)?.description.utf8.elementsEqual(text.utf8) == true)
    }

    @Test("keys are equal where their bytes are")
    func equality() throws {
        let composed = try #require(ObjectKey("\u{E9}"))
        let decomposed = try #require(ObjectKey("e\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(!decomposed.hasPrefix("\u{E9}"))
        #expect(decomposed.hasPrefix("e"))
        #expect(composed == ObjectKey("\u{E9}"))
    }

    @Test("keys sort by their UTF-8 bytes")
    func order() throws {
        let sorted = ["!", "-", "/x".dropFirst() + "", "A", "a", "a-b", "a/b", "a0", "é", "\u{FFFD}", "😀"]
        let keys = try sorted.map { try #require(ObjectKey(String($0))) }
        #expect(
            keys.shuffled(seed: 7).sorted().map { Array($0.description.utf8) } == keys.map { $0.bytes }.sorted(by: <))
    }
}

extension ObjectKey {
    fileprivate var bytes: [UInt8] { Array(description.utf8) }
}

extension Array where Element == ObjectKey {
    fileprivate func shuffled(seed: UInt64) -> [ObjectKey] {
        var random = SeededGenerator(seed: seed)
        return shuffled(using: &random)
    }
}

private func < (a: [UInt8], b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }
