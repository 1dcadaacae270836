import Catalog
import Ingest
import LakeModel
import Logging
import ObjectStorage
import Operations
import WebConsole

/// The web console of this process, over the lake's store and, where one runs, its writer.
enum RunConsole {
    static func pages(
        _ settings: Settings.Server, store: any ObjectStore, clock: any LakeClock, logger: Logger,
        options: ConsoleOptions = ConsoleOptions(),
        writer: @escaping ConsoleAPI.Writer = { nil }
    ) -> WebPages {
        let lake = Lake(store: ReadOnlyStore(store), clock: clock, logger: logger)
        let watch = LakeWatch(lake: lake, options: options, clock: clock, logger: logger)
        let api = ConsoleAPI(
            watch: watch, writer: writer, clock: clock, options: options, program: Varve.fullVersion)
        let names: Set<String> = settings.listen.map { [$0.host] } ?? []
        let pages = ConsolePages(
            api: api, door: ConsoleDoor(token: settings.consoleToken, hosts: names, clock: clock))
        return { request in await pages.answer(request) }
    }

    /// What the console shows of a running writer.
    static func view(_ status: IngestStatus) -> WriterView {
        let byTable = Dictionary(grouping: status.partitions, by: \.table)
        let tables = status.tables.map { table in
            let partitions = byTable[table.name] ?? []
            return WriterView.Table(
                name: table.name, openObjects: table.openObjects, waitingObjects: table.waitingObjects,
                isConsuming: partitions.contains(where: \.isConsuming),
                lagEvents: partitions.reduce(0) { $0 &+ ($1.lagEvents ?? 0) },
                lagSeconds: partitions.compactMap(\.lagSeconds).max(), deadLettered: table.counters.deadLettered,
                eventsCommitted: table.counters.eventsCommitted)
        }
        return WriterView(
            memoryBytesUsed: status.memoryBytesUsed, memoryBytesMax: status.memoryBytesMax, isPaused: status.isPaused,
            isAssigned: status.hasAssignment, isStopping: status.isStopping, storeTrouble: status.storeTrouble,
            tables: tables,
            sources: status.partitions.map {
                .init(table: $0.table, name: $0.name, lagEvents: $0.lagEvents, lagSeconds: $0.lagSeconds)
            })
    }
}
