import Foundation
import TestSupport
import Testing

@testable import Formats

/// The files of apache/parquet-testing, which other writers made.
@Suite(
    "Files of parquet-testing",
    .enabled(if: TestData.directory != nil, "needs the shared test data: set VARVE_TESTDATA"))
struct ParquetTestingTests {
    private static func files(_ folder: String) -> [String] {
        guard let directory = TestData.directory else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/parquet/\(folder)")) ?? []
        return names.filter { $0.hasSuffix(".parquet") }.sorted().map { "\(folder)/\($0)" }
    }

    /// What is refused, and why; the rest must be read.
    private static let refused: [String: ParquetError.Kind] = [
        "data/datapage_v1-corrupt-checksum.parquet": .damaged,
        "data/rle-dict-uncompressed-corrupt-checksum.parquet": .damaged,
        // Its page takes a gigabyte.
        "data/large_string_map.brotli.parquet": .limit,
    ]

    /// These pyarrow does not read: a map whose keys may be null.
    private static let ownOnly: Set<String> = ["data/incorrect_map_schema.parquet"]
    /// Broken, but each value can still be told: zero bits are enough for a dictionary of one.
    private static let readable: Set<String> = ["bad_data/ARROW-GH-43605.parquet"]

    @Test("that are sound are read as pyarrow reads them")
    func sound() async throws {
        let files = Self.files("data")
        #expect(files.count >= 60)
        var references: [String] = []
        if Reference.python != nil {
            let folder = "\(TestData.directory ?? "")/parquet"
            // The file of a gigabyte is read by nobody here.
            references = try await Reference.dump(
                files.map { Self.refused[$0] == .limit ? "none" : "\(folder)/\($0)" })
        }
        for (number, file) in files.enumerated() {
            let bytes = try TestData.bytes("parquet/\(file)")
            if let kind = Self.refused[file] {
                let error = #expect(throws: ParquetError.self) { try canonicalRows(bytes) }
                #expect(error?.kind == kind && error?.place.isEmpty == false, "\(file)")
                continue
            }
            let have = try canonicalRows(bytes)
            guard references.indices.contains(number), !Self.ownOnly.contains(file) else { continue }
            let want = try Reference.rows(references[number])
            #expect(have.count == want.count, "\(file)")
            if let place = zip(have, want).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
                Issue.record("\(file): row \(place.offset): \(difference(place.element.0, place.element.1))")
            }
        }
    }

    @Test(
        "of variants and shapes are read without an error",
        arguments: files("shredded_variant") + files("data/geospatial"))
    func variants(file: String) throws {
        let rows = try canonicalRows(try TestData.bytes("parquet/\(file)"))
        #expect(!rows.isEmpty || file.contains("shredded_variant"), "\(file)")
    }

    @Test("that are broken on purpose are refused", arguments: files("bad_data"))
    func broken(file: String) throws {
        guard !Self.readable.contains(file) else {
            #expect(try !canonicalRows(try TestData.bytes("parquet/\(file)")).isEmpty)
            return
        }
        let error = #expect(throws: ParquetError.self) { try canonicalRows(try TestData.bytes("parquet/\(file)")) }
        print(file, error.map { "\($0)" } ?? "")
    }
}
