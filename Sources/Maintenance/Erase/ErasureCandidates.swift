import LakeModel

/// Which objects can hold what is to be erased, by their entries alone.
///
/// Only keys can be told. An entry's bounds of a payload's field leave out what is in `_rest`: values of another type,
/// and all but the last of members with one name.
struct ErasureCandidates: Sendable {
    /// In the order of their bytes; nil where nothing can be told.
    private let keys: [[UInt8]]?

    init(_ request: ErasureRequest) {
        keys = request.field == .key ? request.values.sorted { $0.lexicographicallyPrecedes($1) } : nil
    }

    func contain(_ object: DataObject) -> Bool {
        guard let keys, let name = Self.keyColumn(object.schemaID), object.format == .parquet,
            let column = object.columns?.first(where: { $0.name == name }), column.kind == .text
        else { return true }
        guard let min = column.min, let max = column.max else { return column.nulls < object.records }
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].lexicographicallyPrecedes(min.utf8) { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && !max.utf8.lexicographicallyPrecedes(keys[low])
    }

    private static func keyColumn(_ schemaID: String?) -> String? {
        guard let schemaID else { return nil }
        if schemaID == "raw" { return "key" }
        return schemaID.hasPrefix("shredded:") ? "_key" : nil
    }
}
