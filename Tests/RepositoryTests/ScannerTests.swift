import Testing

@Suite("The scanner tells code from text")
struct ScannerTests {
    @Test("comments and strings are blanked, code and lines keep their place")
    func masking() {
        let source = """
            let a = "try!" // fatalError()
            /* outer /* inner */ print( */ call()
            """
        let lines = SwiftMask(source).lines
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("let a = "))
        #expect(!lines[0].contains("try!") && !lines[0].contains("fatalError"))
        #expect(lines[1].hasSuffix("call()") && !lines[1].contains("print"))
        #expect(lines[0].utf8.count == 30)
    }

    @Test(
        "every kind of string literal ends where it ends",
        arguments: [
            #"f("a\"b", end)"#,
            ##"f(#"a"b\n"#, end)"##,
            #"f("\(g("x", h(")")))", end)"#,
            #"f("\\", end)"#,
            "f(\"\"\"\n  text \" \"\" text\n\"\"\", end)",
            #"f("", end)"#,
            ##"f(#"\#("x")"#, end)"##,
        ])
    func literals(_ source: String) {
        let masked = SwiftMask(source).lines.joined(separator: "\n")
        #expect(masked.hasSuffix(", end)"), "\(masked)")
        #expect(!masked.contains("\""))
    }

    @Test("functions are found with their lines, requirements without a body are not")
    func functions() {
        let source = """
            protocol P {
                func required(_ a: [Int]) async throws -> Int
                var x: Int { get }
            }
            struct S {
                init(a: Int = { 1 }()) { self.init() }
                func long(
                    _ body: (Int) -> Void
                ) throws(E) -> [Int: String] where A: B {
                    if true {
                        func inner() {}
                    }
                }
                subscript(i: Int) -> Int { i }
                deinit {
                }
            }
            """
        let expected = [
            SwiftFunction(name: "init", lines: 6...6),
            SwiftFunction(name: "long", lines: 7...13),
            SwiftFunction(name: "inner", lines: 11...11),
            SwiftFunction(name: "subscript", lines: 14...14),
            SwiftFunction(name: "deinit", lines: 15...16),
        ]
        #expect(SwiftMask(source).functions() == expected)
    }

    @Test("a banned call is found in code only, and not as the end of another name")
    func bannedCalls() throws {
        let source = """
            let a = Date()
            let b = CalendarDate()
            // Date()
            let c = "Date()"
            let d = Int.random(in: 0..<3)
            let e = Int.random(in: 0..<3, using: &generator)
            """
        let mask = SwiftMask(source)
        let date = try #require(BannedCall.all.first { $0.text == "Date()" })
        let random = try #require(BannedCall.all.first { $0.text == ".random(" })
        #expect(date.lines(in: mask) == [1])
        #expect(random.lines(in: mask) == [5])
        #expect(!date.applies(to: "Sources/varve/main.swift"))
        #expect(date.applies(to: "Sources/Catalog/Log.swift"))
    }

    @Test(
        "an import line names its module",
        arguments: [
            ("import Foundation", "Foundation"), ("public import LakeModel", "LakeModel"),
            ("@testable import varve", "varve"), ("internal import struct Foundation.URL", "Foundation"),
            ("importer()", nil), ("let x = 1", nil),
        ])
    func imports(_ line: String, _ module: String?) {
        #expect(Arrows.importedModule(line) == module)
    }

    @Test("links are read from prose, not from code; headings become anchors")
    func markdown() {
        let text = """
            # One: `two` & three
            [a](b.md#c "title") `[x](y)` ![i](i.png)
            ```
            [no](no.md)
            ```
            """
        #expect(MarkdownLinks.all(in: text) == ["b.md#c", "i.png"])
        #expect(MarkdownLinks.anchors(in: text) == ["one-two--three"])
    }
}
