import Formats
import LakeModel

/// Which objects can hold what is to be erased, by their entries alone, and what their own footers can be asked.
///
/// An entry tells of keys only. Its bounds of a payload's field leave out what is in `_rest`: values of another type,
/// and all but the first of members with one name.
struct ErasureCandidates: Sendable {
    /// In the order of their bytes; nil where nothing can be told.
    private let keys: [[UInt8]]?
    /// Nil where a footer would tell nothing either.
    let probe: ParquetFieldProbe?

    init(_ request: ErasureRequest, readsAll: Bool = false) {
        guard !readsAll else {
            (keys, probe) = (nil, nil)
            return
        }
        keys = request.field == .key ? request.values.sorted { $0.lexicographicallyPrecedes($1) } : nil
        probe =
            switch request.field {
            case .key: ParquetFieldProbe(.key, values: request.values)
            // What is searched as bytes is in no column.
            case .value(let pointer):
                request.searchesRaw ? nil : ParquetFieldProbe(.value(pointer), values: request.values)
            case .header: nil
            }
    }

    func contain(_ object: DataObject) -> Bool {
        guard let keys, object.format == .parquet, let column = object.keyStatistics, column.kind == .text
        else { return true }
        guard let min = column.min, let max = column.max else { return column.nulls < object.records }
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].lexicographicallyPrecedes(min.utf8) { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && !max.utf8.lexicographicallyPrecedes(keys[low])
    }

    /// What an object's footer can be asked; nil where reading the object is as good, or it cannot tell.
    func probe(for object: DataObject, bytesMin: Int64) -> ParquetFieldProbe? {
        guard let probe, object.format == .parquet, object.bytes >= bytesMin else { return nil }
        // Payloads of raw rows stand whole.
        if case .value = probe.field, object.schemaID == ParquetTableShape.rawID { return nil }
        return probe
    }
}
