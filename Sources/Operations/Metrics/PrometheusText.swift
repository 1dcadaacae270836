/// The Prometheus text format 0.0.4: names, labels, values.
///
/// Rules from prometheus.io/docs/instrumenting/exposition_formats: a backslash and a line feed are escaped in help
/// texts, a double quote too in label values.
enum PrometheusText {
    /// What the scrape's answer says of itself.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// `[a-zA-Z_][a-zA-Z0-9_]*`; a colon is for recording rules only.
    static func name(_ text: String) -> String {
        var name = String(text.unicodeScalars.map { isNameScalar($0) ? Character($0) : "_" })
        if name.isEmpty || name.first?.isNumber == true { name = "_" + name }
        return name
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    /// `topic="orders",partition="3"` sorted by name; empty for no labels.
    static func labels(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return labels.map { (labelName($0.0), $0.1) }
            .sorted { $0.0 < $1.0 }
            .map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// `le` and names with two underscores in front are Prometheus' own.
    private static func labelName(_ text: String) -> String {
        let name = name(text)
        return name == "le" || name.hasPrefix("__") ? "exported_" + name.drop { $0 == "_" } : name
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\"" where quotes: result += #"\""#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func value(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 0x1p53 { return String(Int64(value)) }
        return "\(value)"
    }

    static func header(_ name: String, kind: String, help: String) -> String {
        "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    static func sample(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}
