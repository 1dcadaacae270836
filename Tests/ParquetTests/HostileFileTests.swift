import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite("Hostile files")
struct HostileFileTests {
    /// Reads all there is to read, up to a number of rows; answers the error where there is one.
    private static func read(_ bytes: [UInt8], _ random: inout SeededGenerator) throws {
        var settings = ParquetReaderSettings()
        (settings.pageBytesMax, settings.rowBytesMax) = (8 << 20, 8 << 20)
        settings.verifiesChecksums = random.chance(0.1)
        do {
            let file = try ParquetFileReader(ParquetMemorySource(bytes), settings: settings)
            var filters: [ParquetFilter] = []
            if random.chance(0.5), let column = file.schema.columns.randomElement(using: &random) {
                filters = [ParquetFilter(column.path, column.width == 8 ? .atLeast(.int64(3)) : .isNotNull)]
            }
            let rows = try ParquetRowReader(file, filters: filters)
            var left = 5000
            while left > 0, try rows.next() != nil { left -= 1 }
        } catch {
            #expect(!error.reason.isEmpty)
        }
    }

    private static func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !result.isEmpty else { return result }
            // Headers and the footer are where the lengths are: half of the changes go to the end.
            let low = random.chance(0.5) ? max(result.count - 600, 0) : 0
            let place = Int.random(in: low..<result.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: result[place] = [0, 0xFF, 0x7F, 0x80, 0xFE].randomElement(using: &random) ?? 0
            case 2: result[place] = UInt8.random(in: 0...255, using: &random)
            case 3: result.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 4: result.remove(at: place)
            default:
                let count = min(Int.random(in: 1...8, using: &random), result.count - place)
                result.replaceSubrange(place..<place + count, with: Array(repeating: 0xFF, count: count))
            }
        }
        return result
    }

    @Test("made of random tables never trap", arguments: 0..<40 as Range<UInt64>)
    func randomTables(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 77_000)
        var table = try RandomTable(&random)
        table.rows = Array(table.rows.prefix(200))
        let (bytes, _) = try table.written()
        for _ in 0..<60 { try Self.read(Self.mutate(bytes, &random), &random) }
    }

    @Test(
        "made of other writers' files never trap",
        .enabled(if: TestData.directory != nil, "needs the shared test data: set VARVE_TESTDATA"))
    func otherFiles() throws {
        let folder = "\(TestData.directory ?? "")/parquet"
        var random = SeededGenerator(seed: 99)
        print("seed=99")
        for part in ["data", "bad_data", "shredded_variant"] {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(part)").sorted()
            where name.hasSuffix(".parquet") {
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(part)/\(name)")))
                guard bytes.count < 60_000 else { continue }
                for _ in 0..<25 { try Self.read(Self.mutate(bytes, &random), &random) }
            }
        }
    }

    @Test("cut anywhere give an error")
    func truncated() throws {
        var random = SeededGenerator(seed: 5)
        var table = try RandomTable(&random)
        table.rows = Array(table.rows.prefix(50))
        let (bytes, _) = try table.written()
        for count in stride(from: 0, to: bytes.count, by: max(bytes.count / 300, 1)) {
            #expect(throws: ParquetError.self) { try canonicalRows(Array(bytes[..<count])) }
        }
    }

    @Test("with a long run of nulls take no memory for it")
    func longRun() throws {
        let schema = try ParquetSchema([.leaf("a", .int32)])
        let sink = ByteSink()
        var settings = ParquetWriterSettings()
        (settings.pageRows, settings.rowGroupRows) = (.max, .max)
        let writer = try ParquetFileWriter(schema: schema, settings: settings) { sink.bytes.append(contentsOf: $0) }
        for _ in 0..<3_000_000 {
            writer.columns[0].appendNull(definition: 0)
            try writer.endRow(bytes: 1)
        }
        _ = try writer.close()
        #expect(sink.bytes.count < 1000)
        let file = try ParquetFileReader(ParquetMemorySource(sink.bytes))
        let reader = try file.column(schema.columns[0], inGroup: 0)
        let batch = ParquetColumnBatch()
        var count = 0
        while try reader.next(batch) {
            #expect(batch.entryCount <= 1024)
            count += batch.entryCount
        }
        #expect(count == 3_000_000)
    }
}
