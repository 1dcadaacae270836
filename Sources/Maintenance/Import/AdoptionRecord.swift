public import Catalog
import Foundation
public import LakeModel
public import ObjectStorage

/// `<table>/_varve/adopted/<commit id>.json`: which files one commit adopted, for as long as the table lives. Schema:
/// `schemas/adoption.v1.json`.
///
/// The log and the snapshots forget a file once its object was rewritten and vacuum has collected the entries;
/// importing the same folder again must not. Written without a version before the commit, with it afterwards, so that a
/// crash in between leaves a question that the log answers.
public struct AdoptionRecord: Hashable, Sendable, Codable {
    static let currentFormat = 1

    public struct File: Hashable, Sendable, Codable {
        /// Of the file, relative to the lake's root.
        public var key: String
        /// Of its object in the table.
        public var path: String
    }

    var format = Self.currentFormat
    public var commit: CommitID
    /// The table's version when this was written first: the commit comes later.
    public var after: Int64
    /// The commit's; 0 where it did not happen, nil as long as nobody knows.
    public var version: Int64?
    public var files: [File]

    public init(commit: CommitID, after: Int64, files: [File]) {
        (self.commit, self.after, self.files) = (commit, after, files)
    }

    func encoded() throws(StoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            throw StoreError(.invalid, operation: "encode", message: "a record of an import cannot be written as JSON")
        }
        return Array(data) + [UInt8(ascii: "\n")]
    }

    static func decode(_ bytes: [UInt8], place: String) throws(ReadError) -> AdoptionRecord {
        guard let record = try? JSONDecoder().decode(AdoptionRecord.self, from: Data(bytes)),
            record.format == currentFormat, (0..<Int64.max).contains(record.after), record.version ?? 0 >= 0
        else { throw .damaged(path: place, reason: "it is no record of an import that this version can read") }
        return record
    }
}

extension Table {
    /// Whether files of other programs were ever adopted into this table.
    public nonisolated func hasAdopted() async throws(StoreError) -> Bool {
        try await store.isAnythingListed(prefix: AdoptionLedger.prefix(name))
    }
}

/// The adoption records of a table, and the files that they name.
struct AdoptionLedger {
    private let table: Table
    private var read: Set<ObjectKey> = []
    private var known: Set<PathHash> = []
    /// Up to which version the log lacks the commit of an open record.
    private var searched: [CommitID: Int64] = [:]
    /// A record that is younger by the store's clock may belong to an import that is still committing.
    static let settledAfter = Duration.seconds(86_400)

    init(_ table: Table) {
        self.table = table
    }

    func contains(_ file: String) -> Bool { known.contains(PathHash(file)) }

    /// Reads the records that are new, and settles those that a crash left open. That a commit did not happen is
    /// written down only once its import cannot be running any more: nobody looks again after that.
    mutating func refresh() async throws {
        for listed in try await table.store.listAll(prefix: Self.prefix(table.name)) where !read.contains(listed.key) {
            guard let found = try await table.store.getIfPresent(listed.key, bytesMax: 64 << 20) else { continue }
            let record = try AdoptionRecord.decode(found.bytes, place: "\(listed.key)")
            // One that did not happen is read again: its import may only have been slow.
            guard try await version(of: record, found.info) > 0 else { continue }
            read.insert(listed.key)
            for file in record.files { known.insert(PathHash(file.key)) }
        }
    }

    /// Writes a record before its commit.
    mutating func open(_ record: AdoptionRecord) async throws {
        let key = try Self.key(record.commit, table)
        _ = try await table.store.put(try record.encoded(), to: key)
        read.insert(key)
    }

    /// Writes what became of it.
    mutating func close(_ record: AdoptionRecord, version: Int64) async throws {
        var record = record
        record.version = version
        _ = try await table.store.put(try record.encoded(), to: try Self.key(record.commit, table))
        if version > 0 { for file in record.files { known.insert(PathHash(file.key)) } }
    }

    /// The version of the record's commit; 0 where it did not happen, or not yet.
    private mutating func version(of record: AdoptionRecord, _ info: ObjectInfo) async throws -> Int64 {
        if let version = record.version { return version }
        var settled = record
        let version = try await searchLog(record)
        settled.version = version
        if version == 0 {
            guard let now = try? await table.storeTime(), info.modifiedAt <= now.before(Self.settledAfter) else {
                return 0
            }
        }
        // Not over what its own import writes meanwhile; where it cannot be written the next one looks again.
        _ = try? await table.store.put(
            ObjectBody(try settled.encoded()), to: try Self.key(record.commit, table),
            options: PutOptions(condition: .matches(info.tag)))
        return version
    }

    private mutating func searchLog(_ record: AdoptionRecord) async throws -> Int64 {
        let newest = try await table.refresh().version
        var next = (searched[record.commit] ?? record.after) + 1
        while next <= newest {
            let last = min(newest, next + 255)
            let commits = try await table.commits(next...last)
            guard commits.count == Int(last - next + 1) else {
                throw MaintenanceError.invalid(
                    "an import of \(table.name) was cut off after version \(record.after), and the log of that time "
                        + "was collected: nobody knows whether its commit happened; see docs/maintenance.md")
            }
            if let found = commits.first(where: { $0.id == record.commit }) { return found.version }
            next = last + 1
        }
        searched[record.commit] = newest
        return 0
    }
}

extension AdoptionLedger {
    static func prefix(_ table: TableName) -> String { "\(table)/_varve/adopted/" }

    private static func key(_ commit: CommitID, _ table: Table) throws(StoreError) -> ObjectKey {
        guard let key = ObjectKey("\(prefix(table.name))\(commit).json") else {
            throw StoreError(.invalid, operation: "key", message: "the table's name makes no key")
        }
        return key
    }
}
