import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite("Statistics and indices")
struct StatisticsTests {
    /// Sorted numbers, text that groups, nulls now and then; small pages and row groups.
    private static func write(rows: Int, bloom: Bool = false) throws -> [UInt8] {
        let schema = try ParquetSchema([
            .leaf("number", .int64, nil, .required), .leaf("text", .byteArray, .string),
            .list("tags", of: .leaf("element", .byteArray, .string)),
        ])
        var settings = ParquetWriterSettings()
        (settings.pageRows, settings.rowGroupRows) = (100, 1000)
        settings.columns["text"] = ParquetColumnSettings(hasBloomFilter: bloom)
        settings.columns["number"] = ParquetColumnSettings(hasBloomFilter: bloom)
        let sink = ByteSink()
        let file = try ParquetFileWriter(schema: schema, settings: settings) { sink.bytes.append(contentsOf: $0) }
        let writer = ParquetRowWriter(file)
        for row in 0..<rows {
            let tags = (0..<row % 4).map { ParquetValue.string("t\($0)") }
            try writer.append([
                .int64(Int64(row)), row % 10 == 0 ? .null : .string("user-\(row % 50)"), .list(tags),
            ])
        }
        _ = try file.close()
        return sink.bytes
    }

    private static func read(_ bytes: [UInt8], _ filters: [ParquetFilter]) throws -> [Int64] {
        let rows = try ParquetRowReader(try ParquetFileReader(ParquetMemorySource(bytes)), filters: filters)
        var numbers: [Int64] = []
        while let row = try rows.next() {
            guard case .int64(let number) = row[0], case .list(let tags) = row[2] else { continue }
            #expect(tags.count == Int(number % 4), "row \(number)")
            numbers.append(number)
        }
        return numbers
    }

    @Test("prune row groups and pages, and rows stay whole")
    func pruning() throws {
        let bytes = try Self.write(rows: 5000)
        let some = try Self.read(
            bytes, [.init(["number"], .atLeast(.int64(1250))), .init(["number"], .atMost(.int64(2310)))])
        #expect(some == Array(1200...2399))
        #expect(try Self.read(bytes, [.init(["number"], .equal(.int64(4999)))]) == Array(4900...4999))
        #expect(try Self.read(bytes, [.init(["number"], .atLeast(.int64(5000)))]).isEmpty)
        #expect(try Self.read(bytes, [.init(["text"], .equal(.string("zzz")))]).isEmpty)
        #expect(try Self.read(bytes, [.init(["text"], .isNull)]).count == 5000)
    }

    @Test("of pyarrow's files prune too", .enabled(if: Reference.python != nil, "\(Reference.missing)"))
    func pruningOthers() async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        let path = directory.path + "/index.parquet"
        let program = """
            import pyarrow as pa, pyarrow.parquet as pq, sys
            numbers = list(range(20000))
            tags = [["t"] * (n % 4) for n in numbers]
            table = pa.table({"number": pa.array(numbers, pa.int64()), "text": [f"user-{n % 50}" for n in numbers],
                              "tags": pa.array(tags, pa.list_(pa.string()))})
            pq.write_table(table, sys.argv[1], write_page_index=True, data_page_size=1000, row_group_size=9000,
                           write_batch_size=100, use_dictionary=["text"])
            """
        _ = try await runCommand([Reference.python ?? "python3", "-c", program, path])
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let numbers = try Self.read(
            bytes, [.init(["number"], .atLeast(.int64(12_345))), .init(["number"], .atMost(.int64(12_346)))])
        #expect(numbers.contains(12_345) && numbers.contains(12_346))
        #expect(numbers.count < 1000, "\(numbers.count) rows were read")
    }

    @Test("Bloom filters exclude what is not there, by DuckDB's look", .enabled(if: Reference.python != nil))
    func bloom() async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        let path = directory.path + "/bloom.parquet"
        let bytes = try Self.write(rows: 3000, bloom: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let text = try await Reference.run("bloom", path, "text", "user-7", "user-49", "user-50", "nobody")
        #expect(text.split(separator: "\n") == ["False", "False", "True", "True"])
        let numbers = try await Reference.run("bloom", path, "number", "7", "2999", "-5", "777777")
        #expect(numbers.split(separator: "\n") == ["False", "False", "True", "True"])
        #expect(try Self.read(bytes, [.init(["text"], .equal(.string("user-50")))]).isEmpty)
    }

    @Test("bounds of long text are cut at a character, the upper one raised")
    func truncation() throws {
        var bounds = Bounds(min: Array("ääää".utf8), max: Array("ääää".utf8))
        bounds.truncate(to: 5, isText: true)
        #expect(bounds.min == Array("ää".utf8) && !bounds.isMinExact)
        #expect(bounds.max == Array("äå".utf8) && !bounds.isMaxExact)
        var highest = Bounds(min: [0xFF, 0xFF, 1], max: [0xFF, 0xFF, 1])
        highest.truncate(to: 2, isText: false)
        #expect(highest.min == [0xFF, 0xFF] && highest.max == [0xFF, 0xFF, 1] && highest.isMaxExact)
        var surrogates = Bounds(min: [], max: Array("\u{D7FF}x".utf8))
        surrogates.truncate(to: 3, isText: true)
        #expect(surrogates.max == Array("\u{E000}".utf8))
    }

    @Test("of NaN alone have no bounds, zeros have both signs")
    func floats() throws {
        let schema = try ParquetSchema([.leaf("a", .double), .leaf("b", .double)])
        let file = try ParquetFileWriter(schema: schema) { _ in }
        let writer = ParquetRowWriter(file)
        for _ in 0..<5 { try writer.append([.double(.nan), .double(0)]) }
        try writer.append([.double(.nan), .double(-0.0)])
        let summary = try file.close()
        #expect(summary.columns[0].min == nil && summary.columns[0].max == nil)
        #expect(summary.columns[1].min == ParquetValue.double(-0.0).plainBytes)
        #expect(summary.columns[1].max == ParquetValue.double(0).plainBytes)
        #expect(summary.columns[1].minValue == .double(-0.0) && summary.columns[0].minValue == nil)
    }

    @Test("xxHash64 gives the published values")
    func xxHash() {
        func hash(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { xxHash64($0) } }
        #expect(hash("") == 0xEF46_DB37_51D8_E999)
        #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
    }
}
