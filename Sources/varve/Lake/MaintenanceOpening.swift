import Catalog
import LakeModel
import Logging
import Maintenance
import ObjectStorage

extension LakeOptions {
    /// Opens the lake for changing it: a server has to show that it keeps conditions, as for `varve run`.
    ///
    /// - `mayBeNew`: a directory that is not there is made.
    func openForChange(in context: CommandContext = .current, mayBeNew: Bool = false) async throws -> LakeSession {
        var session = try await open(in: context, mayBeNew: mayBeNew)
        let store = try await StoreOpening.open(session.settings, in: context)
        if case .s3 = session.settings.lake {
            var random = SystemRandomNumberGenerator()
            let probe = StoreProbe(store: store, clock: context.clock, id: CommitID(using: &random))
            let report = await probe.run(onlyRequired: true)
            guard report.supportsExactlyOnce else {
                if let failure = report.failure { throw failure }
                throw CommandFailure(.configuration, report.verdict, at: store.location, fix: "see 'varve doctor'")
            }
        }
        session.store = Failpoints(context.environment).map { FailpointStore(store, $0) } ?? store
        session.lake = Lake(store: session.store, clock: context.clock, logger: session.logger)
        return session
    }
}

extension Table {
    /// Throws where lifecycle archives a table of another lake into this one.
    ///
    /// - `reason`: what would go wrong.
    nonisolated func refuseArchive(
        _ reason: String, fix: String = "name the lake that it was archived from, or a new one"
    ) async throws {
        guard try await !isArchive() else {
            throw CommandFailure(
                .configuration, "table \(name) is an archive, and \(reason)", at: store.location, fix: fix)
        }
    }
}

extension LakeSession {
    /// What the configuration says of a table; nil where it does not name it.
    func tableSettings(_ name: TableName) -> Settings.Table? {
        settings.tables.first { $0.name == name.description }
    }

    /// Legal holds stand in the configuration: says where there may be some that nobody has told of.
    func warnOfUnknownHolds(_ names: [TableName]) {
        let unknown = names.filter { tableSettings($0) == nil }
        guard let first = unknown.first else { return }
        let tables = unknown.count == 1 ? "table \(first) is" : "\(unknown.count) tables are"
        console.say("\(tables) in no configuration that was given (--config): legal holds are not known")
    }

    /// The tables that were named, or all.
    func chosenTables(_ addresses: [TableAddress]) async throws -> [TableName] {
        guard addresses.isEmpty else {
            var names: [TableName] = []
            for address in addresses where !names.contains(address.table) { names.append(address.table) }
            return names
        }
        let names = try await lake.tables()
        if names.isEmpty { console.say("no tables in \(store.location)") }
        return names
    }
}
