import LakeModel
import ObjectStorage
import Synchronization

/// Fetches checkpoints and manifests, and keeps the manifests read last for the next query.
final class ManifestLoader: Sendable {
    private let reader: LogReader
    private let cache = Mutex(Cache())

    init(reader: LogReader) {
        self.reader = reader
    }

    /// The checkpoint of one version; nil where there is none.
    func checkpoint(_ version: Int64) async throws(CatalogError) -> Checkpoint? {
        let key = try reader.keys.checkpointList(version)
        guard let frame = try await reader.bytes(of: key, bytesMax: reader.options.listBytesMax) else { return nil }
        let place = "checkpoint \(key)"
        let bytes = try ManifestCodec.decompress(frame, bytesMax: reader.options.listBytesMax, place: place)
        return try ManifestCodec.decodeList(bytes, version: version, place: place)
    }

    /// The objects of one manifest, in order of partition and path.
    func objects(of manifest: ManifestSummary) async throws(CatalogError) -> [DataObject] {
        if let cached = cache.withLock({ $0.take(manifest.path) }) { return cached }
        let key = try reader.keys.manifest(manifest.path)
        let place = "manifest \(key)"
        guard let frame = try await reader.bytes(of: key, bytesMax: reader.options.manifestBytesMax) else {
            throw .notFound("\(place) is missing; it was collected, or the checkpoint that names it is damaged")
        }
        let bytes = try ManifestCodec.decompress(frame, bytesMax: reader.options.manifestBytesMax, place: place)
        guard hex(CRC64NVME.checksum(of: bytes)) == manifest.checksum else {
            throw .corrupt(place: place, reason: "its checksum is not \(manifest.checksum)")
        }
        let objects = try ManifestCodec.decode(bytes, place: place)
        guard Int64(objects.count) == manifest.objects else {
            throw .corrupt(place: place, reason: "it lists \(objects.count) of \(manifest.objects) objects")
        }
        cache.withLock { $0.put(objects, manifest.path, entriesMax: reader.options.manifestCacheEntriesMax) }
        return objects
    }

    /// The manifests read last, oldest first.
    private struct Cache {
        private var entries: [(path: String, objects: [DataObject])] = []

        mutating func take(_ path: String) -> [DataObject]? {
            guard let index = entries.firstIndex(where: { $0.path == path }) else { return nil }
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.objects
        }

        mutating func put(_ objects: [DataObject], _ path: String, entriesMax: Int) {
            entries.removeAll { $0.path == path }
            entries.append((path, objects))
            var count = entries.reduce(0) { $0 + $1.objects.count }
            while count > entriesMax, !entries.isEmpty { count -= entries.removeFirst().objects.count }
        }
    }
}
