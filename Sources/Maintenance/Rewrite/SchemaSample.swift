import Catalog
import Formats
import LakeModel
import ObjectStorage

/// Finds the fields of events that become rows, by looking at a few events of many objects.
///
/// The objects are read whole only once, by the rewrite. What the sample did not show is kept in `_rest`, and a later
/// merge knows the fields of all its inputs.
struct SchemaSample {
    let store: any ObjectStore
    let table: TableName
    /// Objects that are looked into, spread evenly.
    var objectsMax = 64
    /// Events of each of them.
    var eventsMax = 128

    func shape(of objects: [DataObject]) async throws -> ParquetTableShape {
        var inference = SchemaInference()
        let envelopes = EnvelopeReader()
        var reader = ObjectLineReader(store: store, table: table)
        reader.firstChunkBytes = 256 << 10
        for object in chosen(objects) {
            var left = eventsMax
            try await reader.forEachLine(of: object) { line in
                // What is no envelope, or no JSON, teaches nothing; the rewrite says what is wrong with it.
                (try? envelopes.read(line))?.value?.withUnsafeBytes { _ = inference.add($0) }
                left -= 1
                return left > 0
            }
        }
        return .shredded(try inference.schema(), .rest)
    }

    private func chosen(_ objects: [DataObject]) -> [DataObject] {
        guard objects.count > objectsMax else { return objects }
        return (0..<objectsMax).map { objects[$0 * objects.count / objectsMax] }
    }
}
