public import Catalog
public import Formats
public import LakeModel
public import ObjectStorage

/// One stored event on its way from one object to another.
public struct StoredRow {
    /// An envelope line, or a value line where the format carries no more; without its line feed. Borrowed for the
    /// call that brings it.
    public var line: UnsafeRawBufferPointer
    /// Nil where the format does not carry coordinates.
    public var front: EnvelopeFront?

    public init(line: UnsafeRawBufferPointer, front: EnvelopeFront?) {
        (self.line, self.front) = (line, front)
    }
}

/// Reads the stored events of an object, in the order of the file, and checks the object against its entry.
///
/// Events travel as lines. A format that keeps them otherwise makes envelope lines of them again.
public protocol RowReading: Sendable {
    /// Calls `body` with each event; `pause` in between, when none is borrowed, so that the caller can send what it
    /// has made of them. Throws `ReadError`, and what `body` and `pause` throw.
    func forEachRow(
        of object: DataObject, sources: RowSources, _ body: (StoredRow) throws -> Void, pause: () async throws -> Void
    ) async throws

    /// What the rows of a Parquet object look like; nil in formats of lines.
    func shape(of object: DataObject) async throws -> ParquetTableShape?

    /// Whether an object can have what a probe looks for, by what tells without its rows; nil where nothing does.
    func ask(_ probe: ParquetFieldProbe, in object: DataObject) async throws -> ProbeResult?
}

/// What a look at an object's footer and Bloom filters told, and cost.
public struct ProbeResult: Hashable, Sendable {
    public var mayHold: Bool
    public var gets: Int64
    public var bytes: Int64
}

extension RowReading {
    /// What the rows of a Parquet object look like; nil in formats of lines.
    public func shape(of object: DataObject) async throws -> ParquetTableShape? { nil }

    /// Whether an object can have what a probe looks for, by what tells without its rows; nil where nothing does.
    public func ask(_ probe: ParquetFieldProbe, in object: DataObject) async throws -> ProbeResult? { nil }
}

/// Makes the bytes of one object of one format. Belongs to one task at a time.
public protocol RowEncoding: AnyObject {
    func append(_ row: StoredRow) throws
    /// Writes what stands at the end of an object; nothing is appended after it.
    func finish() throws
    /// Size of the object so far, what is not encoded yet by a guess; exact after `finish`.
    var encodedBytes: Int64 { get }
    /// Bytes of the events before compression, as the catalog counts them.
    var uncompressedBytes: Int64 { get }
    /// Bytes that are ready and were not taken.
    var readyBytes: Int { get }
    /// Takes what is ready, in the order of the file.
    func takeReady() -> [[UInt8]]
    /// Of the object's entry: which fields its rows have.
    var schemaID: String? { get }
    /// What is known of the columns, after `finish`.
    var statistics: [ColumnStatistics] { get }
}

extension RowEncoding {
    public var schemaID: String? { nil }
    public var statistics: [ColumnStatistics] { [] }
}

/// How new objects are encoded.
public struct EncodingOptions: Hashable, Sendable {
    /// zstd's level.
    public var level: Int32
    /// Uncompressed bytes of a frame.
    public var frameBytes: Int
    /// Encoded bytes of a Parquet row group.
    public var rowGroupBytes: Int
    /// What the rows of a Parquet object look like; nil for those of the inputs, or raw where these are lines.
    public var shape: ParquetTableShape?
    /// Columns of a Parquet object with Bloom filters.
    public var bloomFilters: BloomFilterFields

    public init(
        level: Int32 = 3, frameBytes: Int = 1 << 20, rowGroupBytes: Int = 32 << 20, shape: ParquetTableShape? = nil,
        bloomFilters: BloomFilterFields = BloomFilterFields()
    ) {
        (self.level, self.frameBytes) = (level, frameBytes)
        (self.rowGroupBytes, self.shape, self.bloomFilters) = (rowGroupBytes, shape, bloomFilters)
    }
}

/// The formats that maintenance can read and write: the one place where a format is plugged in.
public struct RowFormats: Sendable {
    /// Nil where the format cannot be read.
    public var reader: @Sendable (DataFormat, any ObjectStore, TableName) -> (any RowReading)?
    /// Nil where the format cannot be written.
    public var encoder: @Sendable (DataFormat, EncodingOptions) throws -> (any RowEncoding)?

    public init(
        reader: @escaping @Sendable (DataFormat, any ObjectStore, TableName) -> (any RowReading)?,
        encoder: @escaping @Sendable (DataFormat, EncodingOptions) throws -> (any RowEncoding)?
    ) {
        (self.reader, self.encoder) = (reader, encoder)
    }

    /// Lines and Parquet.
    public static let all = RowFormats(
        reader: { _, store, table in LineRowReader(store: store, table: table) },
        encoder: { format, options in
            if format == .parquet { try ParquetRowEncoder(options) } else { try LineRowEncoder(options) }
        })

    /// Lines: envelopes and values.
    public static let lines = RowFormats(
        reader: { format, store, table in format == .parquet ? nil : LineRowReader(store: store, table: table) },
        encoder: { format, options in format == .parquet ? nil : try LineRowEncoder(options) })
}
