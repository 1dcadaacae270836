public import LakeModel
public import Logging
public import ObjectStorage

/// A root in an object store that holds tables.
public struct Lake: Sendable {
    public let store: any ObjectStore
    public let options: CatalogOptions
    private let clock: any LakeClock
    private let logger: Logger

    public init(
        store: any ObjectStore, options: CatalogOptions = CatalogOptions(), clock: any LakeClock, logger: Logger
    ) {
        (self.store, self.options, self.clock, self.logger) = (store, options, clock, logger)
    }

    /// Opens a table that may not exist yet: then its head is at version 0.
    public func open(_ name: TableName) async throws(CatalogError) -> Table {
        try await Table.open(name, in: store, options: options, clock: clock, logger: logger)
    }

    /// Opens a table that must exist.
    public func openExisting(_ name: TableName) async throws(CatalogError) -> Table {
        let table = try await open(name)
        guard await table.head().version > 0 else {
            throw .notFound("no table \(name) in \(store.location); see `varve tables`")
        }
        return table
    }

    /// The names of the tables in this lake, sorted.
    ///
    /// Costs a few listings for each table, however many objects the tables hold. A table whose first commit is
    /// being written right now may be missing.
    public func tables() async throws(CatalogError) -> [TableName] {
        var folders: Set<String> = []
        var prefixes = [""]
        while let prefix = prefixes.popLast() {
            for folder in try await self.folders(prefix: prefix) where folders.insert(folder).inserted {
                guard folders.count <= Self.foldersMax else {
                    throw .invalid("\(store.location) holds more than \(Self.foldersMax) folders; is it a lake?")
                }
                // `a-b/…` and `a.b/…` sort before `a/…` in bytes, but after it on stores that sort by folder, where
                // the jump over `a/` would skip them.
                prefixes += ["\(folder)-", "\(folder)."]
            }
        }
        var tables: [TableName] = []
        for folder in folders.sorted() {
            guard let name = TableName(folder) else { continue }
            if try await isAnythingListed(prefix: TableKeys(table: name).control) { tables.append(name) }
        }
        return tables
    }

    private static let foldersMax = 100_000

    /// The first segments of the keys that begin with `prefix`, found by jumping over each.
    private func folders(prefix: String) async throws(CatalogError) -> Set<String> {
        var folders: Set<String> = []
        var after: String?
        while folders.count <= Self.foldersMax {
            let found = try await firstPage(ListRequest(prefix: prefix, after: after))
            guard !found.isEmpty else { break }
            let segments = found.compactMap { $0.key.description.split(separator: "/").first.map(String.init) }
            folders.formUnion(segments.filter { $0.utf8.count <= 200 })
            guard let greatest = found.map(\.key).max() else { break }
            let jump = (greatest.description.split(separator: "/").first.map(String.init) ?? "") + "/\u{10FFFF}"
            guard after.map({ $0.utf8.lexicographicallyPrecedes(jump.utf8) }) ?? true else { break }
            after = jump
        }
        return folders
    }

    private func isAnythingListed(prefix: String) async throws(CatalogError) -> Bool {
        do {
            return try await store.isAnythingListed(prefix: prefix)
        } catch {
            throw .store(error)
        }
    }

    private func firstPage(_ request: ListRequest) async throws(CatalogError) -> [ListedObject] {
        do {
            return try await store.firstPage(request)
        } catch {
            throw .store(error)
        }
    }
}
