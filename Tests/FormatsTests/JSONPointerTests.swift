import Formats
import Testing

@Suite("JSON pointers")
struct JSONPointerTests {
    /// RFC 6901, section 5, and more.
    static let document = #"""
        {"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,
        "deep":{"er":[[1],{"x":null},true,false]},"dup":1,"dup":2,"\u00e9t\u00e9":"\u00e9\n\ud83d\ude00",
        "big":12345678901234567890123,"list":[10,11,12],"nested":{"dup":9},"end":-1.5e3}
        """#

    @Test(
        "find the scalar they name",
        arguments: [
            ("/foo/0", "bar"), ("/foo/1", "baz"), ("/", "#0"), ("/a~1b", "#1"), ("/c%d", "#2"), ("/e^f", "#3"),
            ("/g|h", "#4"), (#"/i\j"#, "#5"), ("/k\"l", "#6"), ("/ ", "#7"), ("/m~0n", "#8"), ("/deep/er/0/0", "#1"),
            ("/deep/er/1/x", "null"), ("/deep/er/2", "true"), ("/deep/er/3", "false"), ("/dup", "#1"),
            ("/été", "é\n😀"), ("/big", "#12345678901234567890123"), ("/list/2", "#12"), ("/nested/dup", "#9"),
            ("/end", "#-1.5e3"),
        ])
    func found(pointer: String, expected: String) throws {
        #expect(try look(pointer, in: Self.document) == expected)
        #expect(try look(pointer, in: String(repeating: " ", count: 1 << 20) + Self.document) == expected)
    }

    @Test(
        "find nothing where there is nothing, or no scalar",
        arguments: [
            "", "/foo", "/foo/2", "/foo/-", "/foo/01", "/foo/x", "/foo/0/x", "/none", "/deep/er/1", "/list/-1",
            "/list/99999999999999999999", "/deep/er/1/x/y", "/FOO/0",
        ])
    func notFound(pointer: String) throws {
        #expect(try look(pointer, in: Self.document) == nil)
        #expect(try look(pointer, in: String(repeating: " ", count: 1 << 20) + Self.document) == nil)
    }

    @Test("the whole of a scalar text is found")
    func whole() throws {
        #expect(try look("", in: " 5 ") == "#5")
        #expect(try look("", in: "\"x\"") == "x")
        #expect(try look("/a", in: "5") == nil)
        #expect(try look("/a", in: "{}") == nil)
        #expect(try look("/0", in: "[]") == nil)
    }

    @Test("that are none are refused", arguments: ["a", "a/b", "/~", "/~2", "/a~", "/~01~", " /a"])
    func malformed(text: String) {
        #expect(JSONPointer(text) == nil)
    }

    @Test("are equal where they are written alike")
    func equality() {
        #expect(JSONPointer("/a") == JSONPointer("/a"))
        #expect(JSONPointer("/a") != JSONPointer("/b"))
        #expect(JSONPointer("/" + String(repeating: "a", count: 2000)) == nil)
    }

    private func look(_ text: String, in document: String) throws -> String? {
        let pointer = try #require(JSONPointer(text))
        let parser = JSONParser()
        return Array(document.utf8).withUnsafeBytes { bytes -> String? in
            guard parser.parse(bytes).isValid else { return "invalid document" }
            switch parser.value(at: pointer) {
            case .string(let text): return String(decoding: text, as: UTF8.self)
            case .number(let text): return "#" + String(decoding: text, as: UTF8.self)
            case .bool(let value): return "\(value)"
            case .null: return "null"
            case nil: return nil
            }
        }
    }
}
