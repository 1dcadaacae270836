import Catalog
import LakeModel
import ObjectStorage

/// Compares what the catalog lists with what the store has.
struct PresenceCheck: Sendable {
    let store: any ObjectStore
    let table: TableName
    /// A folder of fewer objects is asked for each of them, a larger one is listed.
    private static let headsMax = 2

    /// One folder's objects, the unit of a request.
    struct Folder: Sendable {
        var prefix: String
        var objects: [DataObject]
    }

    /// The objects by the folder of their hour.
    func folders(_ objects: [DataObject]) -> [Folder] {
        let groups = Dictionary(grouping: objects) { object in
            guard let adopted = object.adopted else {
                return "\(table)/\(object.side.folder)/\(object.partition.hourPath)/"
            }
            return String(adopted.key[...(adopted.key.lastIndex(of: "/") ?? adopted.key.startIndex)])
        }
        return groups.sorted { $0.key < $1.key }.map { Folder(prefix: $0.key, objects: $0.value) }
    }

    func findings(_ folder: Folder) async throws(StoreError) -> [VerifyFinding] {
        guard folder.objects.count > Self.headsMax else { return try await askEach(folder.objects) }
        var sizes: [String: Int64] = [:]
        let wanted = Set(folder.objects.map { $0.location(in: table) })
        var request = ListRequest(prefix: folder.prefix)
        while true {
            let page = try await store.list(request)
            for found in page.objects where wanted.contains(found.key.description) {
                sizes[found.key.description] = found.bytes
            }
            guard let next = page.next else { break }
            request.continuation = next
        }
        // A listing may miss what was written while it ran; only a request for the object itself is proof.
        let unseen = folder.objects.filter { sizes[$0.location(in: table)] == nil }
        let seen = folder.objects.compactMap { object in
            sizes[object.location(in: table)].flatMap { Self.finding(object, bytes: $0) }
        }
        return try await seen + askEach(unseen)
    }

    private func askEach(_ objects: [DataObject]) async throws(StoreError) -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        for object in objects {
            guard let key = object.key(in: table) else {
                findings.append(VerifyFinding(.catalog, object.path, "the path is not a key"))
                continue
            }
            do {
                let info = try await store.head(key)
                findings += [Self.finding(object, bytes: info.bytes)].compactMap(\.self)
            } catch  where error.kind == .notFound {
                findings.append(VerifyFinding(.missingObject, object.path, object.naming("the store does not have it")))
            }
        }
        return findings
    }

    static func finding(_ object: DataObject, bytes: Int64) -> VerifyFinding? {
        guard bytes != object.bytes else { return nil }
        return VerifyFinding(
            .damagedObject, object.path, object.naming("it has \(bytes) bytes, not \(object.bytes)"))
    }
}

extension DataObject {
    /// What is wrong with it, with the name of the file where it is one that was adopted.
    func naming(_ text: String) -> String { adopted.map { "\($0.key): \(text)" } ?? text }
}
