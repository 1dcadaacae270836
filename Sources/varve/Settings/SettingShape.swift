/// What the value of a key looks like, and which values are allowed.
indirect enum SettingShape: Sendable {
    /// Any text that `accepts`; `expecting` completes the sentence "expected …".
    case text(expecting: String, accepts: @Sendable (String) -> Bool)
    case choice([String])
    case boolean
    case integer(ClosedRange<Int>)
    /// A size: `512MiB`, `128MB`, plain bytes. The range is in bytes.
    case bytes(ClosedRange<Int>)
    /// A span of time: `250ms`, `10s`, `5m`, `1h`, `7d`. The range is in milliseconds.
    case duration(ClosedRange<Int>)
    case list(SettingShape, countMax: Int)
    /// Names that the user chooses, each with a text: `kafka.properties`, tags. In the name of an environment
    /// variable an underscore stands for `underscore`.
    case dictionary(underscore: String)
    case record([SettingKey])

    static let anyText = SettingShape.text(expecting: "a text") { !$0.isEmpty }

    /// What a user is told that this key takes.
    var expectation: String {
        switch self {
        case .text(let expecting, _): expecting
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .boolean: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .bytes(let range):
            "a size such as 128MiB, from \(exactBytes(range.lowerBound)) to \(exactBytes(range.upperBound))"
        case .duration(let range):
            "a time such as 10s, from \(exactDuration(range.lowerBound)) to \(exactDuration(range.upperBound))"
        case .list(let element, let countMax): "a list of at most \(countMax), each \(element.expectation)"
        case .dictionary: "names, each with a text"
        case .record(let keys): "the keys " + keys.map(\.name).joined(separator: ", ")
        }
    }

    /// The text in the one form that the typed settings are decoded from, or nil where it is not allowed.
    func canonical(_ text: String) -> String? {
        switch self {
        case .text(_, let accepts): accepts(text) ? text : nil
        case .choice(let names): names.contains(text) ? text : nil
        case .boolean: text == "true" || text == "false" ? text : nil
        case .integer(let range): Int(text).flatMap { range.contains($0) ? String($0) : nil }
        case .bytes(let range): parseBytes(text).flatMap { range.contains($0) ? String($0) : nil }
        case .duration(let range): parseMilliseconds(text).flatMap { range.contains($0) ? String($0) : nil }
        case .list, .dictionary, .record: nil
        }
    }

    var isScalar: Bool {
        switch self {
        case .text, .choice, .boolean, .integer, .bytes, .duration: true
        case .list, .dictionary, .record: false
        }
    }
}

/// A key of the configuration with everything that is known of it: checking, `--help`, docs/configuration.md and the
/// JSON Schema are all made from this.
struct SettingKey: Sendable {
    var name: String
    var shape: SettingShape
    /// What holds where the key is absent, as the user would write it; nil for no value.
    var fallback: String?
    var isSecret = false
    var isRequired = false
    /// One sentence: what it does, then why the default is what it is.
    var about: String

    init(
        _ name: String, _ shape: SettingShape, fallback: String? = nil, secret: Bool = false, required: Bool = false,
        _ about: String
    ) {
        (self.name, self.shape, self.fallback, self.about) = (name, shape, fallback, about)
        (isSecret, isRequired) = (secret, required)
    }
}

/// Reads `512MiB`, `128MB`, `1073741824`: KiB, MiB, GiB, TiB by 1024; kB, MB, GB, TB by 1000; nil for anything
/// else, for a fraction of a byte, and for what does not fit.
func parseBytes(_ text: String) -> Int? {
    let factors: [String: Int] = [
        "": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
        "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    ]
    return parseQuantity(text) { factors[$0.uppercased()] }
}

/// Reads `250ms`, `10s`, `5m`, `1h`, `7d`; a bare `0` too. Nil for anything else and for what does not fit.
func parseMilliseconds(_ text: String) -> Int? {
    let factors = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    return text == "0" ? 0 : parseQuantity(text) { factors[$0] }
}

/// Digits, an optional space, a unit.
private func parseQuantity(_ text: String, factor: (String) -> Int?) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    var unit = text.dropFirst(digits.count)
    if unit.first == " " { unit = unit.dropFirst() }
    guard let number = Int(digits), let factor = factor(String(unit)) else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
}

/// A size in the largest unit that divides it: `128MiB`.
func exactBytes(_ count: Int) -> String {
    for (unit, factor) in [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    where count >= factor && count % factor == 0 {
        return "\(count / factor)\(unit)"
    }
    return "\(count)B"
}

/// A span in the largest unit that divides it: `5m`.
func exactDuration(_ milliseconds: Int) -> String {
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
    where milliseconds >= factor && milliseconds % factor == 0 {
        return "\(milliseconds / factor)\(unit)"
    }
    return "\(milliseconds)ms"
}
