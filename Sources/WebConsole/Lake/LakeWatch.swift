public import Catalog
public import LakeModel
public import Logging
import ObjectStorage

/// The tables of a lake as the console shows them: opened once, refreshed while somebody looks, left alone otherwise.
public actor LakeWatch {
    private let lake: Lake
    private let options: ConsoleOptions
    private let clock: any LakeClock
    private let logger: Logger
    private var tables: [TableName: TableWatch] = [:]
    private var isWorking = false
    private var isLoaded = false
    private var isSummed = false
    private var lastAsked = Duration.zero
    private var lastRefresh: Duration?
    private var lastList: Duration?
    /// Tables that could not be opened, and why.
    private var unopened: [TableName: String] = [:]
    /// Why the list of tables could not be read.
    private(set) var trouble: String?
    /// Tables beyond the limit.
    private(set) var leftOut = 0

    /// - Parameter lake: its cache of manifests is set by `options`.
    public init(lake: Lake, options: ConsoleOptions = ConsoleOptions(), clock: any LakeClock, logger: Logger) {
        var catalog = lake.options
        // Sums are kept instead; a thousand tables with a manifest each would be gigabytes.
        catalog.manifestCacheEntriesMax = 0
        self.lake = Lake(store: lake.store, options: catalog, clock: clock, logger: logger)
        (self.options, self.clock, self.logger) = (options, clock, logger)
    }

    var location: String { lake.store.location }
    var isLoading: Bool { !isLoaded }

    /// The tables, sorted by name. Begins a refresh where the last is old; the first call waits for it a little.
    func watches() async -> [TableWatch] {
        lastAsked = clock.elapsed()
        wake()
        let deadline = lastAsked + options.readWithin
        while !isLoaded, clock.elapsed() < deadline {
            guard (try? await clock.sleep(for: .milliseconds(5))) != nil else { break }
        }
        return tables.values.sorted { $0.name < $1.name }
    }

    /// One table; nil where the lake has none of that name.
    func watch(_ name: TableName) async -> TableWatch? {
        lastAsked = clock.elapsed()
        wake()
        if let known = tables[name] { return known }
        // Asked for by name before the list was read: opened at once.
        guard let opened = try? await open(name) else { return nil }
        if let meanwhile = tables[name] { return meanwhile }
        guard tables.count < options.tablesMax else { return opened }
        tables[name] = opened
        return opened
    }

    func openFailures() -> [(name: TableName, reason: String)] {
        unopened.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Tables that share the memory for sums, as the last listing of the lake had them.
    private var sharers = 0

    private func open(_ name: TableName) async throws(CatalogError) -> TableWatch {
        try await TableWatch.open(
            name, in: lake, rollupsMax: max(1_000, options.rollupsMax / max(1, sharers, tables.count)),
            options: options, clock: clock)
    }

    /// Works in the background until nobody asks any more. At most one such task runs.
    private func wake() {
        guard !isWorking else { return }
        isWorking = true
        Task { await work() }
    }

    private func work() async {
        defer { isWorking = false }
        while clock.elapsed() - lastAsked < options.idleAfter {
            if lastRefresh.map({ clock.elapsed() - $0 >= options.refreshEvery }) ?? true { await refresh() }
            let start = clock.elapsed()
            if !isSummed { isSummed = await !sumOneMore() }
            let took = clock.elapsed() - start
            let pause = isSummed ? Duration.milliseconds(250) : max(.milliseconds(1), took * options.pauseFactor)
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    /// Sums one manifest of the first table that is not summed up.
    private func sumOneMore() async -> Bool {
        for watch in tables.values.sorted(by: { $0.name < $1.name }) where await watch.sumOneMore() { return true }
        return false
    }

    private func refresh() async {
        await list()
        let watches = Array(tables.values)
        var next = 0
        await withTaskGroup(of: Void.self) { group in
            while next < watches.count {
                if next >= options.refreshesAtOnce { await group.next() }
                let watch = watches[next]
                group.addTask { await watch.refresh() }
                next += 1
            }
        }
        lastRefresh = clock.elapsed()
        (isLoaded, isSummed) = (true, false)
    }

    private func list() async {
        guard lastList.map({ clock.elapsed() - $0 >= options.listEvery }) ?? true else { return }
        do throws(CatalogError) {
            let names = try await lake.tables()
            (trouble, leftOut) = (nil, max(0, names.count - options.tablesMax))
            tables = tables.filter { names.contains($0.key) }
            unopened = [:]
            sharers = min(names.count, options.tablesMax)
            for name in names.prefix(options.tablesMax) where tables[name] == nil {
                do throws(CatalogError) {
                    let watch = try await open(name)
                    tables[name] = watch
                } catch {
                    unopened[name] = "\(error)"
                }
            }
            lastList = clock.elapsed()
        } catch {
            trouble = "\(error)"
            logger.warning("the lake's tables cannot be listed", metadata: ["error": "\(error)"])
        }
    }
}
