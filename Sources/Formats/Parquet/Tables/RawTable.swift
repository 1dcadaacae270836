/// The raw table: every event as Kafka has it, no schema needed, restorable byte for byte (`docs/parquet.md`).
public enum RawTable {
    /// Under this key of the file's metadata stands `version`.
    public static let versionKey = "varve.raw"
    public static let version = "1"

    static let topic = "topic"
    static let partition = "partition"
    static let offset = "offset"
    static let timestamp = "timestamp"
    static let timestampType = "timestamp_type"
    static let key = "key"
    static let headers = "headers"
    static let value = "value"
    static let valueBinary = "value_binary"

    /// The columns in order; `Column` numbers the leaves.
    public static func schema() throws(ParquetError) -> ParquetSchema {
        let values: [ParquetNode] = [.leaf(value, .byteArray, .json), .leaf(valueBinary, .byteArray)]
        return try ParquetSchema(name: "raw", kafkaFields(prefix: "") + values)
    }

    /// Where an event comes from; nine leaves.
    static func kafkaFields(prefix: String) -> [ParquetNode] {
        let header = ParquetNode.group(
            "element", .required,
            [
                .leaf("name", .byteArray, .string),
                .leaf("name_binary", .byteArray),
                .leaf("value", .byteArray),
            ])
        return [
            .leaf(prefix + topic, .byteArray, .string, .required),
            .leaf(prefix + partition, .int32, nil, .required),
            .leaf(prefix + offset, .int64, nil, .required),
            .leaf(prefix + timestamp, .int64, .timestamp(.milliseconds, isUTC: true)),
            .leaf(prefix + timestampType, .byteArray, .string, .required),
            .leaf(prefix + key, .byteArray),
            .list(prefix + headers, .required, of: header),
        ]
    }

    /// Leaves of the schema.
    enum Column: Int, CaseIterable {
        case topic, partition, offset, timestamp, timestampType, key
        case headerName, headerNameBinary, headerValue
        case value, valueBinary
    }

    /// Settings as given, with what the shape wants: no dictionary where no value repeats, and the version.
    static func settings(_ given: ParquetWriterSettings) -> ParquetWriterSettings {
        var settings = given
        settings.keyValues.append((versionKey, version))
        let own: [String: ParquetColumnEncoding] = [
            offset: .deltaBinaryPacked, timestamp: .deltaBinaryPacked, value: .deltaLengthByteArray,
            valueBinary: .deltaLengthByteArray,
        ]
        for (name, encoding) in own where settings.columns[name] == nil {
            // Bounds of whole payloads serve nobody.
            let isPayload = name == value || name == valueBinary
            settings.columns[name] = ParquetColumnSettings(encoding: encoding, hasStatistics: !isPayload)
        }
        return settings
    }
}
