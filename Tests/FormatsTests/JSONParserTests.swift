import Compression
import Formats
import Foundation
import TestSupport
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    @Test("what is on one line and what is not")
    func lineBreaks() {
        #expect(judge(#"{"a":[1,2.5e3,true,false,null,"x\n"]}"#) == .valid)
        #expect(judge("{\"a\":\n1}") == .validWithLineBreaks)
        #expect(judge("\r1") == .validWithLineBreaks)
        #expect(judge(" 1\t") == .valid)
        #expect(judge("\"a\nb\"") == .invalid(.syntax))
    }

    @Test(
        "faults are told apart",
        arguments: [
            ("", .empty), (" \n", .empty), ("nul", .syntax), ("1 2", .syntax), ("[1", .syntax), ("{\"a\"}", .syntax),
            ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate), ("\"\\ud83d\\u0041\"", .loneSurrogate),
            ("1e400", .numberOutOfRange), ("[-1e309]", .numberOutOfRange), ("\"\\u12G4\"", .syntax),
            ("\u{FEFF}1", .syntax),
        ] as [(String, JSONFault)])
    func faults(text: String, fault: JSONFault) {
        #expect(judge(text) == .invalid(fault))
        #expect(judge(Array(repeating: 0x20, count: 1 << 20) + Array(text.utf8)) == .invalid(fault))
    }

    @Test(
        "invalid UTF-8 is refused",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]])
    func utf8(bytes: [UInt8]) {
        let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        #expect(judge(text) == .invalid(.invalidUTF8))
        #expect(judge(Array(repeating: 0x20, count: 1 << 20) + text) == .invalid(.invalidUTF8))
    }

    @Test("integers and fractions of any length are valid, tiny numbers too")
    func numbers() {
        for text in [
            "123456789012345678901234567890", "-0", "0.1e-400", "1e308", "1E+2",
            "0." + String(repeating: "3", count: 500),
            "[" + String(repeating: "9", count: 308) + "]", "5e-324", "1e-99999",
        ] { #expect(judge(text) == .valid, "\(text)") }
        #expect(judge(String(repeating: "9", count: 400)) == .invalid(.numberOutOfRange))
    }

    @Test("128 levels are taken and 129 are not")
    func depth() {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(judge(nested(128)) == .valid)
        #expect(judge(nested(129)) == .invalid(.tooDeep))
        #expect(judge(nested(100_000)) == .invalid(.tooDeep))
        #expect(judge(String(repeating: "[", count: 100_000)) == .invalid(.syntax))
        #expect(judge(String(repeating: "{\"a\":", count: 100_000) + "}") == .invalid(.tooDeep))
    }

    @Test(
        "JSONTestSuite is judged right, with and without an index",
        .enabled(if: TestData.directory != nil, "needs the shared test data"))
    func testSuite() throws {
        let folder = try #require(TestData.directory) + "/json/test_parsing"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names.count > 300)
        for name in names {
            let bytes = try TestData.bytes("json/test_parsing/\(name)")
            let outcome = judge(bytes)
            switch name.first {
            // Over 128 levels are refused for their depth, a limit that RFC 8259 section 9 allows.
            case "y": #expect(outcome.isValid, "\(name)")
            case "n": #expect(!outcome.isValid, "\(name)")
            default: break
            }
            #expect(same(outcome, judge([UInt8](repeating: 0x20, count: 1 << 20) + bytes)), "\(name)")
        }
    }

    @Test("texts with and without an index are judged alike", arguments: 0..<4 as Range<UInt64>)
    func differential(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array(#"{}[]:,"\ 0123.eE+-truefalsn/u"#.utf8) + [0x0A, 0x0D, 0x1F, 0x80, 0xC3, 0xA9]
        let seeds = [#"{"a":[1,-2.5e+3,true,null,"x\u00e9\\"],"b":{}}"#, "[[],{},\"\",0]", "\"\\ud83d\\ude00\""]
        for _ in 0..<50 {
            var text = Array(seeds.randomElement(using: &generator)?.utf8 ?? "".utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<text.count, using: &generator)
                text[index] = alphabet.randomElement(using: &generator) ?? 0
            }
            let outcome = judge(text)
            let scanned = judge([UInt8](repeating: 0x20, count: 1 << 20) + text)
            #expect(same(outcome, scanned), "seed \(seed): \(String(decoding: text, as: UTF8.self))")
            if outcome.isValid {
                let data = Data(text)
                let parsed = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
                #expect(parsed != nil, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
            }
        }
    }

    @Test("a parser goes from small to large texts and back")
    func reuse() {
        let parser = JSONParser()
        for size in [10, 100_000, 10, 3 << 20, 10, 1 << 20] {
            let text = Array(("[\"" + String(repeating: "x", count: size) + "\",1]").utf8)
            #expect(text.withUnsafeBytes { parser.parse($0) } == .valid)
        }
    }

    @Test("a text is judged by its own bytes, whatever lies behind them")
    func bounds() {
        for text in ["1", "tru", "[1", "\"a", "-", "1.", "1e", "nul", "{\"a\":1", "\"\\"] {
            for next in ["2", "e", "]", "\"", "}", "0", "l", "5]"] {
                let bytes = Array((text + next).utf8)
                let parser = JSONParser()
                let outcome = bytes.withUnsafeBytes {
                    parser.parse(UnsafeRawBufferPointer(rebasing: $0[..<text.utf8.count]))
                }
                #expect(outcome == judge(text), "\(text) before \(next)")
            }
        }
    }

    @Test("minified is the same text without white space between tokens")
    func minify() {
        let parser = JSONParser()
        let buffer = FrameBuffer(capacityBytes: 0)
        buffer.append(UInt8(ascii: ">"))
        let text = "\n{ \"a b\" : [ 1 ,\r\n 2 ] , \"c\\n\" : \" \\\" \" }\n"
        Array(text.utf8).withUnsafeBytes { parser.minify($0, to: buffer) }
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == ">{\"a b\":[1,2],\"c\\n\":\" \\\" \"}")
    }

    private func same(_ a: JSONOutcome, _ b: JSONOutcome) -> Bool {
        // Of several faults in one text either way may meet another one first.
        a == b || !a.isValid && !b.isValid
    }
}
