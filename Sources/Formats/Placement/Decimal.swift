internal import LakeModel

/// A JSON number kept exactly, so that no time moves by the rounding of a double.
struct Decimal {
    private var mantissa: Int64 = 0
    private var exponent = 0
    private var isNegative = false

    /// Reads the number grammar of RFC 8259, leading zeros allowed; nil for anything else.
    init?(_ text: UnsafeRawBufferPointer) {
        var rest = text[...]
        isNegative = rest.take { $0 == UInt8(ascii: "-") } != nil
        let whole = rest.count
        while let digit = rest.takeDigit() {
            if !add(digit) { exponent += 1 }
        }
        guard rest.count < whole else { return nil }
        if rest.take({ $0 == UInt8(ascii: ".") }) != nil {
            let fraction = rest.count
            while let digit = rest.takeDigit() {
                if add(digit) { exponent -= 1 }
            }
            guard rest.count < fraction else { return nil }
        }
        if rest.take({ $0 | 0x20 == UInt8(ascii: "e") }) != nil {
            let sign = rest.take { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            guard !rest.isEmpty else { return nil }
            var power = 0
            while let digit = rest.takeDigit() { power = min(power * 10 + Int(digit), 10_000) }
            exponent += sign == UInt8(ascii: "-") ? -power : power
        }
        guard rest.isEmpty else { return nil }
    }

    /// Takes a digit while 18 of them have room; false beyond, where they no longer matter.
    private mutating func add(_ digit: UInt8) -> Bool {
        guard mantissa < 100_000_000_000_000_000 else { return false }
        mantissa = mantissa * 10 + Int64(digit)
        return true
    }

    /// The number times ten to `power`, rounded down; nil where that does not fit.
    func scaled(byPowerOfTen power: Int) -> Int64? {
        var value = isNegative ? -mantissa : mantissa
        var power = power + exponent
        while power > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            (value, power) = (product, power - 1)
        }
        guard power < 0 else { return value }
        // Beyond 18 places nothing but the sign is left.
        guard power >= -18 else { return value < 0 ? -1 : 0 }
        var divisor: Int64 = 1
        for _ in 0..<(-power) { divisor *= 10 }
        return value.flooredDivision(by: divisor)
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate mutating func take(_ isWanted: (UInt8) -> Bool) -> UInt8? {
        guard let byte = first, isWanted(byte) else { return nil }
        self = dropFirst()
        return byte
    }

    fileprivate mutating func takeDigit() -> UInt8? {
        take { $0 &- 48 < 10 }.map { $0 &- 48 }
    }
}
