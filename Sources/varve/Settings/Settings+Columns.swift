import Foundation
import Formats
import Ingest
import Maintenance

extension Settings {
    struct Parquet: Decodable, Sendable {
        /// As `varve erase` takes fields.
        var bloomFilters: [String]

        enum CodingKeys: String, CodingKey {
            case bloomFilters = "bloom_filters"
        }

        var fields: BloomFilterFields {
            var fields = BloomFilterFields()
            for text in bloomFilters {
                switch try? ErasureRequest.Field(text) {
                case .key: fields.hasKey = true
                case .value(let pointer): fields.fields.append(pointer)
                case .header, nil: continue
                }
            }
            return fields
        }
    }

    /// What the columns of a Parquet table are.
    struct Schema: Decodable, Sendable {
        enum Misfits: String, Decodable {
            case rest
            case deadLetter = "dead_letter"
        }

        /// Paths of files.
        var jsonSchema: String?
        var avro: String?
        var infer: Bool
        var misfits: Misfits

        enum CodingKeys: String, CodingKey {
            case jsonSchema = "json_schema"
            case avro, infer, misfits
        }

        /// Where the columns come from, by the keys that say so.
        var sources: [String] {
            [jsonSchema.map { _ in "json_schema" }, avro.map { _ in "avro" }, infer ? "infer" : nil].compactMap(\.self)
        }
    }
}

extension Settings.Table {
    /// Reads the schema's file, and compares the other settings with it.
    func parquetSettings() throws(CommandFailure) -> ParquetSettings {
        var settings = try columnSettings()
        settings.bloomFilters = parquet.fields
        guard let shape = settings.shape else { return settings }
        for (number, field) in settings.bloomFilters.fields.enumerated() {
            if case .column(_, let type) = shape.place(of: field), type.takesBloomFilter { continue }
            throw CommandFailure(
                .configuration, "the schema has no column of single values for \(field)",
                at: "tables.\(name).parquet.bloom_filters[\(number)]",
                fix: "name @key, or fields that are text, numbers, dates, times or uuids")
        }
        return settings
    }

    private func columnSettings() throws(CommandFailure) -> ParquetSettings {
        let misfits: ShreddedTableWriter.MisfitPolicy = schema.misfits == .rest ? .rest : .reject
        if let path = schema.jsonSchema {
            let schema = try declared(path, "json_schema") { bytes throws(ParquetError) in
                try ShreddedSchema(jsonSchema: bytes)
            }
            return ParquetSettings(.declared(schema), misfits: misfits)
        }
        if let path = schema.avro {
            let schema = try declared(path, "avro") { bytes throws(ParquetError) in
                try ShreddedSchema(avroSchema: bytes)
            }
            return ParquetSettings(.declared(schema), misfits: misfits)
        }
        return ParquetSettings(schema.infer ? .inferred : .raw, misfits: misfits)
    }

    private func declared(
        _ path: String, _ key: String, _ read: ([UInt8]) throws(ParquetError) -> ShreddedSchema
    ) throws(CommandFailure) -> ShreddedSchema {
        let place = "tables.\(name).schema.\(key)"
        guard let data = FileManager.default.contents(atPath: path), data.count <= schemaBytesMax else {
            throw CommandFailure(
                .configuration, "the schema file \(path) cannot be read", at: place,
                fix: "give the path of a file of at most 4 MiB that this user can read")
        }
        do {
            return try read(Array(data))
        } catch {
            throw CommandFailure(
                .configuration, "the schema file \(path) is not understood: \(error.reason)", at: place,
                fix: "see docs/parquet.md for what a schema can say")
        }
    }
}

private let schemaBytesMax = 4 << 20
