import Catalog
import LakeModel
import Logging
import ObjectStorage

/// An opened lake with the settings that named it.
struct LakeSession: Sendable {
    var lake: Lake
    var store: any ObjectStore
    var settings: Settings
    var context: CommandContext
    var logger: Logger

    var console: Console { context.console }
    var now: Timestamp { context.clock.now() }

    /// Opens a table that must exist.
    func table(_ address: TableAddress) async throws -> Table {
        try await lake.openExisting(address.table)
    }

    func snapshot(of address: TableAddress, at point: HistoryArgument?) async throws -> Snapshot {
        try await table(address).snapshot(at: point.map { $0.point(now: now) } ?? .newest)
    }
}

extension LakeSession {
    /// Says what ended a round of a loop that goes on for ever, where that can pass: a store that is away for a while
    /// must not end it. Throws it again where not.
    func sayIfPassing(_ error: any Error, _ passing: Set<ExitStatus> = [.temporaryFailure, .unavailable]) throws {
        let failure = CommandFailure(error)
        guard !Task.isCancelled, passing.contains(failure.status) else { throw error }
        for problem in failure.problems { console.say(problem.description) }
    }
}

extension LakeOptions {
    /// Opens the lake for reading.
    func open(in context: CommandContext = .current, mayBeNew: Bool = false) async throws -> LakeSession {
        let loaded = try load(in: context)
        let store: any ObjectStore =
            if mayBeNew {
                ReadOnlyStore(try await StoreOpening.open(loaded.settings, in: context))
            } else {
                try await StoreOpening.openForReading(loaded.settings, in: context)
            }
        let mask = SecretMask(loaded.secrets)
        let logger = Logger(label: "varve") { _ in TalkLogHandler(console: context.console, mask: mask) }
        let lake = Lake(store: store, clock: context.clock, logger: logger)
        return LakeSession(
            lake: lake, store: store, settings: loaded.settings, context: context, logger: logger)
    }
}

extension HistoryArgument {
    func point(now: Timestamp) -> SnapshotPoint {
        switch self {
        case .version(let version): .version(version)
        case .time(let time): .time(time.resolved(now: now))
        }
    }
}
