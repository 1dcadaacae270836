/// An element of a small document as a value; built without recursion from `XMLReader`.
struct XMLElement {
    var name: String
    /// All text directly inside, joined.
    var text = ""
    var children: [XMLElement] = []

    init(name: String) {
        self.name = name
    }

    /// The root of `document`.
    init(parsing document: [UInt8]) throws(XMLReader.Malformed) {
        var reader = try XMLReader(document)
        var open: [XMLElement] = []
        var root: XMLElement?
        while let token = try reader.next() {
            switch token {
            case .start(let name):
                open.append(XMLElement(name: name))
            case .text(let text):
                if !open.isEmpty { open[open.count - 1].text += text }
            case .end:
                guard let closed = open.popLast() else { break }
                if open.isEmpty { root = closed } else { open[open.count - 1].children.append(closed) }
            }
        }
        guard let root else { throw XMLReader.Malformed(reason: "no element") }
        self = root
    }

    /// The first child of this name.
    subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The text of the first child of this name; nil where there is none or it is empty.
    func value(_ name: String) -> String? {
        guard let text = self[name]?.text, !text.isEmpty else { return nil }
        return text
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&apos;"
            case "\r": escaped += "&#13;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
