import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite("Random tables")
struct RandomTableTests {
    @Test("are read back as they were written", arguments: 0..<60 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = try RandomTable(&random)
        let (bytes, summary) = try table.written()
        #expect(summary.rowCount == Int64(table.rows.count), "seed \(seed)")
        #expect(summary.bytes == Int64(bytes.count), "seed \(seed)")
        let canonical = Canonical(table.schema)
        let read = try canonicalRows(bytes)
        #expect(read == table.rows.map { canonical.row($0) }, "seed \(seed)")
    }

    @Test(
        "are read by pyarrow, DuckDB and polars as they were written",
        .enabled(if: Reference.python != nil, "\(Reference.missing)"), arguments: [1, 2] as [UInt64])
    func readByOthers(seed: UInt64) async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        var random = SeededGenerator(seed: seed &* 1000)
        for number in 0..<30 {
            let table = try RandomTable(&random)
            let (bytes, _) = try table.written()
            let canonical = Canonical(table.schema)
            let rows = table.rows.map { canonical.row($0) }.joined(separator: ",")
            let path = "\(directory.path)/seed\(seed)-\(number)"
            try Data(bytes).write(to: URL(fileURLWithPath: path + ".parquet"))
            try Data("{\"rows\":[\(rows)],\"uuid\":\(table.uuids)}".utf8)
                .write(to: URL(fileURLWithPath: path + ".json"))
        }
        print(try await Reference.run("check", directory.path))
    }

    @Test(
        "of pyarrow, DuckDB and polars are read as they read them",
        .enabled(if: Reference.python != nil, "\(Reference.missing)"), arguments: [11, 12])
    func readFromOthers(seed: Int) async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        _ = try await Reference.run("write", directory.path, "\(seed)")
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.hasSuffix("parquet")
        }
        #expect(files.count >= 30)
        for file in files.sorted() {
            let path = "\(directory.path)/\(file)"
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let json = try String(contentsOfFile: path.replacing(".parquet", with: ".json"), encoding: .utf8)
            do {
                let (have, want) = (try canonicalRows(bytes), try Reference.rows(json))
                #expect(have.count == want.count, "\(file), seed \(seed)")
                if let place = zip(have, want).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
                    Issue.record(
                        "\(file), seed \(seed): row \(place.offset): \(difference(place.element.0, place.element.1))")
                }
            } catch {
                Issue.record("\(file), seed \(seed): \(error)")
            }
        }
    }
}
