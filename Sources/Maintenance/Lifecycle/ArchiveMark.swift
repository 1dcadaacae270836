public import Catalog
import Foundation
import LakeModel
import ObjectStorage

/// `<table>/_varve/archived.json` in an archive: how far it has followed its table. Schema:
/// `schemas/archived.v1.json`.
///
/// Of every object that the archive had at `archive`, what became of it up to `version` of the table is settled: it was
/// replaced, or it stays. Written after a run that left nothing open, so that an old one is as true as a new one, and
/// none at all only means more to read. One of version 0 settles nothing; it says that the table is an archive.
struct ArchiveMark: Hashable, Sendable, Codable {
    static let currentFormat = 1

    var format = Self.currentFormat
    /// Of the table.
    var version: Int64
    /// The table's commit of that version: another history, as that of a copy that writers went on with, has another.
    /// Nil at version 0.
    var commit: CommitID?
    /// The archive's own version that the run began with: what came later may be of a run that began before.
    var archive: Int64
    /// What the table had when the run was over; nil where it was cut off, or an older version of varve wrote this.
    var days: TableDays?

    enum CodingKeys: String, CodingKey {
        case format
        case version = "table_version"
        case commit = "table_commit"
        case archive = "archive_version"
        case days = "table_days"
    }

    init(version: Int64, commit: CommitID?, archive: Int64) {
        (self.version, self.commit, self.archive) = (version, commit, archive)
    }

    fileprivate static func key(_ archive: Table) throws(MaintenanceError) -> ObjectKey {
        guard let key = ObjectKey("\(archive.name)/_varve/archived.json") else { throw .invalid("not a key") }
        return key
    }

    /// Nil where there is none, or none that this version can read.
    static func read(_ archive: Table) async throws -> ArchiveMark? {
        guard let found = try await archive.store.getIfPresent(try key(archive), bytesMax: 1 << 20),
            let mark = try? JSONDecoder().decode(ArchiveMark.self, from: Data(found.bytes)),
            mark.format == currentFormat, mark.version >= 0, mark.archive >= 0
        else { return nil }
        return mark
    }

    /// As it is written; nil where there is none.
    static func written(_ archive: Table) async throws -> [UInt8]? {
        try await archive.store.getIfPresent(try key(archive), bytesMax: 1 << 20)?.bytes
    }

    /// Brings a copy of the archive what `written` gave before the copied version was read.
    static func copy(_ bytes: [UInt8], to copy: Table) async throws {
        guard try await written(copy) != bytes else { return }
        _ = try await copy.store.put(bytes, to: try key(copy))
    }

    /// Makes sure that there is one.
    static func begin(_ archive: Table) async throws {
        guard try await !archive.isArchive() else { return }
        try await ArchiveMark(version: 0, commit: nil, archive: 0).write(archive)
    }

    func write(_ archive: Table) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        _ = try await archive.store.put(bytes, to: try Self.key(archive))
    }
}

extension Table {
    /// Whether lifecycle archives a table of another lake into this one. Its log has no offsets, so a writer would take
    /// in once more whatever Kafka still has of what it holds.
    public nonisolated func isArchive() async throws -> Bool {
        let key = try ArchiveMark.key(self)
        do throws(StoreError) {
            _ = try await store.head(key)
            return true
        } catch {
            guard error.kind == .notFound else { throw error }
            return false
        }
    }
}
