import Foundation
import LakeModel
import TestSupport
import Testing

@testable import Formats

@Suite("Raw tables", .enabled(if: Reference.python != nil, "\(Reference.missing)"))
struct RawTableReaderTests {
    private final class Headers: EventHeaders {
        func forEachHeader(of event: Event, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) -> Void) {
            guard event.offset % 2 == 1 else { return }
            Array("trace".utf8).withUnsafeBytes { name in
                Array("a".utf8).withUnsafeBytes { body(name, $0) }
                body(name, nil)
            }
            [0xFF as UInt8].withUnsafeBytes { body($0, UnsafeRawBufferPointer(start: $0.baseAddress, count: 0)) }
        }
    }

    private static func hex(_ text: String) -> String { text.utf8.map { String(format: "%02x", $0) }.joined() }

    @Test("are read by pyarrow, DuckDB and polars as docs/parquet.md says")
    func others() async throws {
        let directory = try TemporaryDirectory("varve-parquet")
        let sink = ByteSink()
        let writer = try RawTableWriter { sink.bytes.append(contentsOf: $0) }
        let prefix = RawTablePrefix(topic: "orders", partition: 3)
        let parser = JSONParser()
        var rows: [String] = []
        for (offset, value) in ["{\"order\": 1}", "no json", "[\n1]"].enumerated() {
            try Array(value.utf8).withUnsafeBytes { bytes in
                let event = Event(
                    source: 0, offset: Int64(offset), timestamp: 1_768_464_000_000, timestampType: .create, key: nil,
                    value: bytes)
                try writer.append(event, prefix: prefix, headers: Headers(), parser: parser)
            }
            let isJSON = offset != 1
            let headers =
                "[\"\(Self.hex("trace"))\",null,\"61\"],[\"\(Self.hex("trace"))\",null,null],[null,\"ff\",\"\"]"
            rows.append(
                "[\"\(Self.hex("orders"))\",3,\(offset),1768464000000000000,\"\(Self.hex("create"))\",null,"
                    + "[\(offset % 2 == 1 ? headers : "")],\(isJSON ? "\"\(Self.hex(value))\"" : "null"),"
                    + "\(isJSON ? "null" : "\"\(Self.hex(value))\"")]")
        }
        _ = try writer.close()
        let path = directory.path + "/raw"
        try Data(sink.bytes).write(to: URL(fileURLWithPath: path + ".parquet"))
        try Data("{\"rows\":[\(rows.joined(separator: ","))]}".utf8).write(to: URL(fileURLWithPath: path + ".json"))
        _ = try await Reference.run("check", directory.path)
    }
}
