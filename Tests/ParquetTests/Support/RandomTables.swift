import Compression
import TestSupport

@testable import Formats

/// Random schemas, rows and settings; the same seed gives the same table.
struct RandomTable {
    var schema: ParquetSchema
    var rows: [[ParquetValue]]
    var settings: ParquetWriterSettings
    /// Top-level columns that DuckDB gives as text.
    var uuids: [Int] = []

    init(_ random: inout SeededGenerator) throws {
        var fields: [ParquetNode] = []
        for index in 0..<Int.random(in: 1...6, using: &random) {
            fields.append(Self.node("c\(index)", depth: 0, &random))
        }
        schema = try ParquetSchema(fields)
        uuids = fields.indices.filter { fields[$0].logicalType == .uuid }
        let count = [0, 1, 20, 500, 3000].randomElement(using: &random) ?? 1
        let nulls: Double = [0.0, 0.1, 0.6, 1.0].randomElement(using: &random) ?? 0
        rows = (0..<count).map { _ in fields.map { Self.value($0, nulls, &random) } }
        settings = Self.settings(schema, &random)
    }

    private static let leaves: [(ParquetPhysicalType, ParquetLogicalType?, Int32)] = [
        (.boolean, nil, 0), (.int32, nil, 0), (.int64, nil, 0), (.float, nil, 0), (.double, nil, 0),
        (.byteArray, nil, 0), (.byteArray, .string, 0), (.byteArray, .string, 0), (.fixedLengthByteArray, .uuid, 16),
        (.fixedLengthByteArray, nil, 5), (.int32, .date, 0), (.int32, .decimal(precision: 9, scale: 2), 0),
        (.int64, .decimal(precision: 18, scale: 4), 0),
        (.fixedLengthByteArray, .decimal(precision: 21, scale: 3), 9),
        (.int64, .timestamp(.milliseconds, isUTC: true), 0),
        (.int64, .timestamp(.microseconds, isUTC: false), 0), (.int64, .timestamp(.nanoseconds, isUTC: false), 0),
        (.int32, .time(.milliseconds, isUTC: true), 0), (.int64, .time(.microseconds, isUTC: true), 0),
        (.int32, .integer(bits: 8, isSigned: true), 0), (.int32, .integer(bits: 16, isSigned: false), 0),
        (.int32, .integer(bits: 32, isSigned: false), 0), (.int64, .integer(bits: 64, isSigned: false), 0),
    ]

    private static func node(_ name: String, depth: Int, _ random: inout SeededGenerator) -> ParquetNode {
        let repetition: ParquetRepetition = random.chance(0.8) ? .optional : .required
        let choice = Double.random(in: 0..<1, using: &random)
        if depth < 3, choice < 0.12 { return .list(name, repetition, of: node("element", depth: depth + 1, &random)) }
        if depth < 3, choice < 0.24 {
            let count = Int.random(in: 1...3, using: &random)
            let fields = (0..<count).map { node("f\($0)", depth: depth + 1, &random) }
            return .group(name, repetition, fields)
        }
        if depth < 3, choice < 0.3 {
            let key = ParquetNode.leaf("key", .byteArray, .string, .required)
            return .map(name, repetition, from: key, to: node("value", depth: depth + 1, &random))
        }
        // DuckDB's text for a UUID is only put back at the top.
        let choices = depth == 0 ? leaves : leaves.filter { $0.1 != .uuid }
        let (type, logicalType, length) = choices.randomElement(using: &random) ?? leaves[0]
        return .leaf(name, type, logicalType, repetition, length: length)
    }

    private static func value(_ node: ParquetNode, _ nulls: Double, _ random: inout SeededGenerator) -> ParquetValue {
        if node.repetition == .optional, random.chance(nulls) { return .null }
        switch node.kind {
        case .leaf(let type, let length): return leaf(type, node.logicalType, Int(length), &random)
        case .group(let fields):
            guard node.logicalType != nil, case .group(let inner) = fields[0].kind else {
                return .group(fields.map { value($0, nulls, &random) })
            }
            let count = [0, 1, 2, 5].randomElement(using: &random) ?? 0
            if node.logicalType == .list { return .list((0..<count).map { _ in value(inner[0], nulls, &random) }) }
            return .map(
                (0..<count).map {
                    .init(key: .string("k\($0)"), value: value(inner[1], nulls, &random))
                })
        }
    }

    private static func leaf(
        _ type: ParquetPhysicalType, _ logicalType: ParquetLogicalType?, _ length: Int,
        _ random: inout SeededGenerator
    ) -> ParquetValue {
        let isSmall = random.chance(0.5)
        switch (type, logicalType) {
        case (.boolean, _): return .boolean(isSmall)
        case (.int32, .decimal): return .int32(Int32.random(in: -999_999_999...999_999_999, using: &random))
        case (.int64, .decimal):
            return .int64(Int64.random(in: -999_999_999_999_999_999...999_999_999_999_999_999, using: &random))
        case (.int32, .integer(8, true)): return .int32(Int32.random(in: -128...127, using: &random))
        case (.int32, .integer(16, false)): return .int32(Int32.random(in: 0...65535, using: &random))
        case (.int32, .date): return .int32(Int32.random(in: 0...30000, using: &random))
        case (.int32, .time): return .int32(Int32.random(in: 0..<86_400_000, using: &random))
        case (.int64, .time): return .int64(Int64.random(in: 0..<86_400_000_000, using: &random))
        case (.int64, .timestamp(let unit, _)):
            return .int64(Int64.random(in: 0..<1_800_000_000_000_000_000, using: &random) / unit.nanoseconds)
        case (.int32, _):
            return .int32(
                isSmall ? Int32.random(in: 0..<50, using: &random) : Int32.random(in: .min ... .max, using: &random))
        case (.int64, _):
            return .int64(
                isSmall ? Int64.random(in: 0..<50, using: &random) : Int64.random(in: .min ... .max, using: &random))
        case (.float, _): return .float(isSmall ? 1.5 : Float.random(in: -1e9...1e9, using: &random))
        case (.double, _):
            return .double(
                [0, -0.25, .infinity, Double.random(in: 0...1, using: &random)].randomElement(using: &random) ?? 0)
        case (.fixedLengthByteArray, .decimal):
            // Nine bytes hold 21 digits; seven of them are filled, with their sign.
            let low = (0..<7).map { _ in UInt8.random(in: 0...255, using: &random) }
            let sign: UInt8 = low[0] >= 0x80 ? 0xFF : 0
            return .bytes([sign, sign] + low)
        case (.byteArray, .string):
            let texts = ["", "a", "straße", "日本語", String(repeating: "🎈", count: 30), "user-"]
            return .string((texts.randomElement(using: &random) ?? "") + (isSmall ? "" : "\(random.next() % 1000)"))
        case (.byteArray, _):
            let count = Int.random(in: 0...40, using: &random)
            return .bytes((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        default: return .bytes((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    private static func settings(_ schema: ParquetSchema, _ random: inout SeededGenerator) -> ParquetWriterSettings {
        var settings = ParquetWriterSettings()
        settings.compression = [.zstd, .snappy, .gzip, .uncompressed, .lz4Raw].randomElement(using: &random) ?? .zstd
        settings.pageVersion = random.chance(0.5) ? .v1 : .v2
        settings.pageRows = [7, 100, 20_000].randomElement(using: &random) ?? 100
        settings.rowGroupRows = [300, 1 << 20].randomElement(using: &random) ?? 300
        settings.dictionaryBytes = [100, 1 << 20].randomElement(using: &random) ?? 100
        settings.hasPageIndex = random.chance(0.8)
        settings.hasChecksums = random.chance(0.8)
        for column in schema.columns {
            var choices: [ParquetColumnEncoding] = [.automatic, .automatic, .plain]
            switch column.type {
            case .int32, .int64: choices += [.deltaBinaryPacked, .byteStreamSplit, .dictionary]
            case .byteArray: choices += [.deltaLengthByteArray, .deltaByteArray, .dictionary]
            case .float, .double: choices += [.byteStreamSplit, .dictionary]
            // DuckDB and polars do not read split bytes of fixed-length arrays yet.
            case .fixedLengthByteArray: choices += [.dictionary]
            default: break
            }
            settings.columns[column.name] = ParquetColumnSettings(
                encoding: choices.randomElement(using: &random) ?? .automatic, hasBloomFilter: random.chance(0.3))
        }
        return settings
    }

    /// The file's bytes.
    func written() throws -> (bytes: [UInt8], summary: ParquetFileSummary) {
        let sink = ByteSink()
        let file = try ParquetFileWriter(schema: schema, settings: settings) { sink.bytes.append(contentsOf: $0) }
        let writer = ParquetRowWriter(file)
        for row in rows { try writer.append(row) }
        let summary = try file.close()
        return (sink.bytes, summary)
    }
}

/// Collects what a writer gives.
final class ByteSink {
    var bytes: [UInt8] = []
}
