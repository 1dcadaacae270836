/// A JSON string literal (RFC 8259), with control characters escaped.
func jsonString(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\n": literal += "\\n"
        case "\r": literal += "\\r"
        case "\t": literal += "\\t"
        case let scalar where scalar.value < 0x20:
            literal += "\\u" + String(scalar.value, radix: 16).zeroPadded(to: 4)
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}

/// A size for people: `0 B`, `1.5 KiB`, `128 MiB`.
func humanBytes(_ count: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(count.magnitude)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    let text = unit == 0 || value >= 100 ? decimal(value, places: 0) : decimal(value, places: 1)
    return (count < 0 ? "-" : "") + text + " " + units[unit]
}

/// A decimal number with a fixed number of digits after the point; what is not a number becomes 0.
func decimal(_ value: Double, places: Int) -> String {
    let scale = places == 0 ? 1.0 : places == 1 ? 10.0 : 1000.0
    let scaled = (value * scale).rounded()
    guard scaled.isFinite, scaled.magnitude < 9e18 else { return "0" }
    let whole = Int64(scaled)
    guard places > 0 else { return String(whole) }
    let digits = String(whole.magnitude).zeroPadded(to: places + 1)
    return (whole < 0 ? "-" : "") + digits.dropLast(places) + "." + digits.suffix(places)
}

extension String {
    func zeroPadded(to width: Int) -> String {
        String(repeating: "0", count: Swift.max(0, width - count)) + self
    }
}
