import Testing

@testable import S3

@Suite("XML from a store")
struct XMLTests {
    private func parse(_ text: String) throws(XMLReader.Malformed) -> XMLElement {
        try XMLElement(parsing: Array(text.utf8))
    }

    @Test("elements, text, references, attributes, comments and prefixes are read")
    func reads() throws {
        let root = try parse(
            "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?><!-- <x> --><s3:A xmlns:s3=\"u>v\">"
                + "<B>1 &lt;&amp;&#38;&#x1F600;"
                + "<![CDATA[<raw>&amp;]]></B><C a='/'/><B>2</B></s3:A>\n")
        #expect(root.name == "A" && root.children.map(\.name) == ["B", "C", "B"])
        #expect(root.value("B") == "1 <&&😀<raw>&amp;" && root.all("B").count == 2)
        #expect(root.value("C") == nil && root.value("D") == nil)
    }

    @Test(
        "what is not a small plain document is refused",
        arguments: [
            "", "   ", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&nbsp;</a>", "<a>&#xD800;</a>",
            "<a>&#99999999999;</a>",
            "<a>&amp</a>", "<a", "<a b='", "<>", "</a>", "<a/>text", "<a>\u{0}<</a>", "<![CDATA[x]]>", "<!-- ", "<?xml",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><a>&lol2;</a>",
        ])
    func refuses(text: String) {
        #expect(throws: XMLReader.Malformed.self) { try parse(text) }
    }

    @Test("depth and number of elements are bounded, without deep recursion")
    func bounds() {
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLReader.Malformed.self) { try parse(deep) }
        let wide = "<a>" + String(repeating: "<b/>", count: XMLReader.elementsMax + 1) + "</a>"
        #expect(throws: XMLReader.Malformed.self) { try parse(wide) }
    }

    @Test("every cut and every changed byte of a document gives a result or a refusal, never a crash")
    func mutations() {
        let document = Array("<?xml version=\"1.0\"?><A x='1'><B>1 &lt; &#38;</B><!-- c --><C/><![CDATA[d]]></A>".utf8)
        for index in document.indices {
            _ = try? XMLElement(parsing: Array(document[..<index]))
            for byte in [0x00, 0x3C, 0x3E, 0x26, 0x2F, 0x21, 0xFF] as [UInt8] {
                var changed = document
                changed[index] = byte
                _ = try? XMLElement(parsing: changed)
            }
        }
    }

    @Test("text is escaped so that it comes back the same")
    func escapes() throws {
        let text = "a<b>&\"'\r\u{E9}😀]]>"
        #expect(try parse("<a>\(XMLElement.escaped(text))</a>").text == text)
    }
}
