import Foundation
import TestSupport

@testable import Formats

/// Rows as the reference script prints them; see its head for the rules.
struct Canonical {
    let schema: ParquetSchema
    private let shapes: [RowShape]

    init(_ schema: ParquetSchema) {
        self.schema = schema
        shapes = RowShape.shapes(of: schema)
    }

    func row(_ values: [ParquetValue]) -> String {
        "[" + zip(values, shapes).map { text($0, $1) }.joined(separator: ",") + "]"
    }

    private func text(_ value: ParquetValue, _ shape: RowShape) -> String {
        switch (value, shape.kind) {
        case (.null, _): return "null"
        case (.group(let values), .group(let fields)):
            return "[" + zip(values, fields).map { text($0, $1) }.joined(separator: ",") + "]"
        case (.list(let values), .list(let element, _, _)):
            return "[" + values.map { text($0, element) }.joined(separator: ",") + "]"
        case (.map(let entries), .map(let key, let item, _, _)):
            let pairs = entries.map { entry in
                "[\(text(entry.key, key)),\(text(entry.value, item))]"
            }
            return "[" + pairs.joined(separator: ",") + "]"
        case (_, .leaf(let leaf)): return leafText(value, schema.columns[leaf])
        default: return "?"
        }
    }

    private func leafText(_ value: ParquetValue, _ column: ParquetColumn) -> String {
        switch (value, column.logicalType) {
        case (.int32(let number), .decimal): return "\"\(number)\""
        case (.int64(let number), .decimal): return "\"\(number)\""
        case (.bytes(let bytes), .decimal): return "\"\(Self.unscaled(bytes))\""
        case (.int32(let number), .time(let unit, _)): return "\(Int64(number) * unit.nanoseconds)"
        case (.int64(let number), .time(let unit, _)), (.int64(let number), .timestamp(let unit, _)):
            return "\(Int128(number) * Int128(unit.nanoseconds))"
        case (.int32(let number), .integer(_, isSigned: false)): return "\(UInt32(bitPattern: number))"
        case (.int64(let number), .integer(_, isSigned: false)): return "\(UInt64(bitPattern: number))"
        case (.int32(let number), _): return "\(number)"
        case (.int64(let number), _): return "\(number)"
        case (.boolean(let flag), _): return "\(flag)"
        case (.float(let number), _): return "\"\(Self.hex(number.bitPattern.bigEndian))\""
        case (.double(let number), _): return "\"\(Self.hex(number.bitPattern.bigEndian))\""
        case (.bytes(let bytes), _) where column.type == .int96: return "\(Self.nanoseconds(bytes))"
        case (.bytes(let bytes), _): return "\"\(bytes.map { String(format: "%02x", $0) }.joined())\""
        default: return "?"
        }
    }

    private static func hex<Word: FixedWidthInteger>(_ word: Word) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: Word.bitWidth / 4 - digits.count) + digits
    }

    /// Int96: nanoseconds of the day, then the Julian day, both little-endian.
    private static func nanoseconds(_ bytes: [UInt8]) -> Int64 {
        let time = bytes.prefix(8).reversed().reduce(0 as Int64) { $0 << 8 | Int64($1) }
        let day = bytes.suffix(4).reversed().reduce(0 as Int64) { $0 << 8 | Int64($1) }
        return (day - 2_440_588) &* 86_400_000_000_000 &+ time
    }

    /// Big-endian two's complement in decimal.
    private static func unscaled(_ bytes: [UInt8]) -> String {
        let isNegative = (bytes.first ?? 0) >= 0x80
        var rest = isNegative ? bytes.map { ~$0 } : bytes
        var digits: [UInt8] = []
        while rest.contains(where: { $0 != 0 }) {
            var remainder = 0
            for index in rest.indices {
                let current = remainder << 8 | Int(rest[index])
                rest[index] = UInt8(current / 10)
                remainder = current % 10
            }
            digits.append(UInt8(remainder))
        }
        if isNegative {
            // The complement is one less than the magnitude.
            var place = 0
            while place < digits.count, digits[place] == 9 {
                digits[place] = 0
                place += 1
            }
            if place == digits.count { digits.append(1) } else { digits[place] += 1 }
        }
        let text = String(digits.reversed().map { Character(Unicode.Scalar(48 + $0)) })
        return digits.isEmpty ? "0" : (isNegative ? "-" : "") + text
    }

    /// A value of JSONSerialization in the same text.
    static func text(_ value: Any) -> String {
        switch value {
        case is NSNull: "null"
        case let list as [Any]: "[" + list.map { text($0) }.joined(separator: ",") + "]"
        case let string as String: "\"\(string)\""
        case let number as NSNumber: isBoolean(number) ? (number.boolValue ? "true" : "false") : "\(number)"
        default: "?"
        }
    }

    private static func isBoolean(_ number: NSNumber) -> Bool { number.objCType.pointee == 0x63 }
}

extension ParquetTimeUnit {
    var nanoseconds: Int64 {
        switch self {
        case .milliseconds: 1_000_000
        case .microseconds: 1000
        case .nanoseconds: 1
        }
    }
}

/// All rows of a file as canonical texts.
func canonicalRows(_ bytes: [UInt8]) throws -> [String] {
    let file = try ParquetFileReader(ParquetMemorySource(bytes))
    let canonical = Canonical(file.schema)
    let rows = try ParquetRowReader(file)
    var texts: [String] = []
    while let row = try rows.next() { texts.append(canonical.row(row)) }
    return texts
}

/// What two texts have where they begin to differ.
func difference(_ one: String, _ other: String) -> String {
    let shared = zip(one.utf8, other.utf8).prefix { $0 == $1 }.count
    let start = max(shared - 20, 0)
    func cut(_ text: String) -> String { String(decoding: text.utf8.dropFirst(start).prefix(80), as: UTF8.self) }
    return "at \(shared): \(cut(one)) | \(cut(other))"
}
