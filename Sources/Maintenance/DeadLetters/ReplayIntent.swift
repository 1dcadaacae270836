public import Catalog
import Foundation
public import LakeModel
import ObjectStorage

/// `<table>/_varve/replay.json`: the replay of dead letters that is on its way. Schema: `schemas/replay.v1.json`.
///
/// Written before the first event is sent, deleted once all are marked. So whoever replays finds one that was killed,
/// and finishes it before beginning another: no event is sent by both.
public struct ReplayIntent: Hashable, Sendable, Codable {
    static let currentFormat = 1

    var format = Self.currentFormat
    /// Names the transactions and the progress on the side of Kafka.
    public var id: CommitID
    /// A digest of what was asked for.
    public var request: String
    /// The command line, for people.
    public var command: String
    public var startedAt: Timestamp
    public var writer: WriterIdentity

    enum CodingKeys: String, CodingKey {
        case format, id, request, command
        case startedAt = "started_at"
        case writer
    }

    public init(id: CommitID, request: String, command: String, startedAt: Timestamp, writer: WriterIdentity) {
        (self.id, self.request, self.command) = (id, request, command)
        (self.startedAt, self.writer) = (startedAt, writer)
    }

    private static func key(_ table: Table) throws(MaintenanceError) -> ObjectKey {
        guard let key = ObjectKey("\(table.name)/_varve/replay.json") else { throw .invalid("not a key") }
        return key
    }

    /// The one that is on its way; nil where there is none.
    public static func read(_ table: Table) async throws -> ReplayIntent? {
        let key = try key(table)
        guard let found = try await table.store.getIfPresent(key, bytesMax: 1 << 20) else { return nil }
        guard let intent = try? JSONDecoder().decode(ReplayIntent.self, from: Data(found.bytes)) else {
            throw ReadError.damaged(path: "\(key)", reason: "it is no replay that this version can read")
        }
        guard intent.format == currentFormat else {
            throw ReadError.damaged(path: "\(key)", reason: "a newer version of varve wrote it")
        }
        return intent
    }

    /// Puts this one into its place unless there is one; returns the one that is there now.
    public func claim(_ table: Table) async throws -> ReplayIntent {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        do {
            _ = try await table.store.put(
                ObjectBody(bytes), to: try Self.key(table), options: PutOptions(condition: .absent))
            return self
        } catch let error as StoreError where error.kind == .conflict || error.kind == .unavailable {
            // Our own put may have been the one that won: what stands there decides.
            guard let there = try await Self.read(table) else { throw error }
            return there
        }
    }

    /// Takes it away: it is done, or given up.
    public func release(_ table: Table) async throws {
        guard let there = try await Self.read(table), there.id == id else { return }
        let failures = try await table.store.delete([try Self.key(table)])
        if let failure = failures.first {
            throw MaintenanceError.invalid("\(failure.key) could not be deleted: \(failure.reason)")
        }
    }
}
