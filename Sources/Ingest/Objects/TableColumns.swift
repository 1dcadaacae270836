public import Formats

/// What the columns of a Parquet table are.
public struct ParquetSettings: Sendable {
    public enum Fields: Sendable {
        /// Every event as Kafka has it.
        case raw
        /// Payloads taken apart by a schema.
        case declared(ShreddedSchema)
        /// The same, by a schema found in the events themselves.
        case inferred
    }

    public var fields: Fields
    /// What becomes of an event with a value that does not fit its column.
    public var misfits: ShreddedTableWriter.MisfitPolicy
    /// Columns with Bloom filters.
    public var bloomFilters: BloomFilterFields

    public init(
        _ fields: Fields = .raw, misfits: ShreddedTableWriter.MisfitPolicy = .rest,
        bloomFilters: BloomFilterFields = BloomFilterFields()
    ) {
        (self.fields, self.misfits, self.bloomFilters) = (fields, misfits, bloomFilters)
    }

    /// What is known before the first event; nil where the columns come from the events.
    public var shape: ParquetTableShape? {
        switch fields {
        case .raw: .raw
        case .declared(let schema): .shredded(schema, misfits)
        case .inferred: nil
        }
    }
}

/// Knows what columns the next object of a Parquet table gets. Belongs to the ingest thread.
///
/// An inferred schema learns from the events at hand when an object is begun, and from every event that does not fit;
/// an object keeps the schema of its beginning. Nothing waits: what an object's schema lacks is in `_rest`.
final class TableColumns {
    private let settings: ParquetSettings
    private var inference = SchemaInference()
    private var shape: ParquetTableShape?
    private var hasLearned = false
    /// Payloads that may be looked at before the next object is opened: looking is slow.
    private var lookingsLeft = lookingsMax

    private static let lookingsMax = 1000

    init(_ settings: ParquetSettings) {
        self.settings = settings
        shape = settings.shape
    }

    /// Whether events that do not fit have to be shown to it.
    var learns: Bool {
        if case .inferred = settings.fields { lookingsLeft > 0 } else { false }
    }

    func learn(_ payload: UnsafeRawBufferPointer) {
        guard learns else { return }
        lookingsLeft -= 1
        if inference.add(payload) { hasLearned = true }
    }

    /// The shape of an object that is opened now.
    func current() throws(ParquetError) -> ParquetTableShape {
        if hasLearned {
            (hasLearned, lookingsLeft) = (false, Self.lookingsMax)
            // Where the fields have become too many the last schema stays.
            if let schema = try? inference.schema() { shape = .shredded(schema, settings.misfits) }
        }
        if let shape { return shape }
        return .shredded(try ShreddedSchema([]), settings.misfits)
    }
}
