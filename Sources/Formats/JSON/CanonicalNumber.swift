/// One spelling for each number: of `17`, `17.0` and `1.7e1` it is `17`.
///
/// Exact for any number of digits, unlike a comparison as floating point: identifiers beyond 2^53 stay apart.
enum CanonicalNumber {
    /// Nil for what the number grammar of RFC 8259 does not allow, and for exponents of more than five digits.
    static func text(_ bytes: [UInt8]) -> [UInt8]? {
        var rest = bytes[...]
        let isNegative = take(&rest) { $0 == UInt8(ascii: "-") } != nil
        var digits = takeDigits(&rest)
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var exponent = 0
        if take(&rest, { $0 == UInt8(ascii: ".") }) != nil {
            let fraction = takeDigits(&rest)
            guard !fraction.isEmpty else { return nil }
            digits += fraction
            exponent = -fraction.count
        }
        if take(&rest, { $0 | 0x20 == UInt8(ascii: "e") }) != nil {
            let sign = take(&rest) { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            let power = takeDigits(&rest)
            guard !power.isEmpty, power.count <= 5 else { return nil }
            let value = power.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            exponent += sign == UInt8(ascii: "-") ? -value : value
        }
        return rest.isEmpty ? write(digits, exponent, isNegative) : nil
    }

    /// Whether a number is an integer without fraction, exponent and the sign of zero: then its text is canonical.
    static func isPlainInteger(_ number: UnsafeRawBufferPointer) -> Bool {
        let digits = number.first == UInt8(ascii: "-") ? number.dropFirst() : number[...]
        return digits.allSatisfy(isDigit) && (digits.count == number.count || digits.first != UInt8(ascii: "0"))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ isWanted: (UInt8) -> Bool) -> UInt8? {
        guard let byte = rest.first, isWanted(byte) else { return nil }
        return rest.removeFirst()
    }

    private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(rest.prefix(while: isDigit))
        rest.removeFirst(digits.count)
        return digits
    }

    /// Beyond this many places powers of ten are shorter.
    private static let placesMax = 64

    private static func write(_ all: [UInt8], _ power: Int, _ isNegative: Bool) -> [UInt8] {
        let zero = UInt8(ascii: "0")
        var (digits, exponent) = (Array(all.drop { $0 == zero }), power)
        while digits.last == zero {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return [zero] }
        let sign = isNegative ? [UInt8(ascii: "-")] : []
        if exponent >= 0, exponent <= placesMax { return sign + digits + Array(repeating: zero, count: exponent) }
        let places = -exponent
        if places > 0, places < digits.count {
            return sign + digits.dropLast(places) + [UInt8(ascii: ".")] + digits.suffix(places)
        }
        if places > 0, places <= placesMax {
            return sign + Array("0.".utf8) + Array(repeating: zero, count: places - digits.count) + digits
        }
        return sign + digits + Array("e\(exponent)".utf8)
    }
}
