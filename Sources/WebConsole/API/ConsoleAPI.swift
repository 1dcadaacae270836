import Catalog
public import LakeModel
import Operations

/// The JSON API: `/api/v1/…`, read-only, every answer bounded and paged.
public struct ConsoleAPI: Sendable {
    public typealias Writer = @Sendable () async -> WriterView?

    let watch: LakeWatch
    let writer: Writer
    let clock: any LakeClock
    let options: ConsoleOptions
    let program: String

    /// - Parameter writer: the writer of this process; answers nil where there is none.
    public init(
        watch: LakeWatch, writer: @escaping Writer = { nil }, clock: any LakeClock,
        options: ConsoleOptions = ConsoleOptions(), program: String
    ) {
        (self.watch, self.writer, self.clock) = (watch, writer, clock)
        (self.options, self.program) = (options, program)
    }

    /// `path` is what follows `/api/v1/`.
    func answer(_ path: String, _ request: WebRequest) async -> WebAnswer {
        do throws(APIRefusal) {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            switch (parts.first, parts.count) {
            case ("lake", 1): return .json(200, await lake())
            case ("tables", 1): return .json(200, try await tables(request))
            case ("tables", 2): return .json(200, try await table(try await watched(parts[1])))
            case ("tables", 3): return try await detail(parts[2], try await watched(parts[1]), request)
            default: throw APIRefusal(404, "no such resource; see docs/console.md")
            }
        } catch {
            return .refusal(error)
        }
    }

    private func detail(_ name: String, _ table: TableWatch, _ request: WebRequest) async throws(APIRefusal)
        -> WebAnswer
    {
        switch name {
        case "hours": return .json(200, try await hours(table, request))
        case "days": return .json(200, try await days(table, request))
        case "commits": return .json(200, try await commits(table, request))
        case "objects": return .json(200, try await objects(table, request))
        case "sources": return .json(200, try await sources(table, request))
        case "debt": return .json(200, await debt(table))
        case "dead-letters": return .json(200, await deadLetters(table))
        default: throw APIRefusal(404, "no such resource; see docs/console.md")
        }
    }

    private func watched(_ text: String) async throws(APIRefusal) -> TableWatch {
        guard let name = TableName(text), let table = await watch.watch(name) else {
            throw APIRefusal(404, "no such table")
        }
        return table
    }

    // MARK: The lake

    private func lake() async -> LakeView {
        let now = clock.now()
        let writer = await writer()
        let tables = await watch.watches()
        var view = LakeView(
            lake: await watch.location, program: program, now: "\(now)", isLoading: await watch.isLoading,
            problem: await watch.trouble, tables: tables.count, tablesLeftOut: await watch.leftOut,
            levels: [:], objects: 0, bytes: 0, records: 0, lateRecords: 0, deadLetters: 0, writer: writer)
        for table in tables {
            let facts = await table.facts()
            for side in TableSide.allCases {
                let totals = facts.head.total(of: side)
                view.objects &+= totals.objects
                view.bytes &+= totals.bytes
                if side == .main { view.records &+= totals.records }
                if side == .late { view.lateRecords &+= totals.records }
                if side == .deadLetter { view.deadLetters &+= totals.records }
            }
            let health = TableHealth(
                facts, writer: writer?.tables.first { $0.name == facts.name }, now: now, options: options)
            view.levels[health.level.rawValue, default: 0] += 1
        }
        let failures = await watch.openFailures()
        if !failures.isEmpty { view.levels[HealthLevel.trouble.rawValue, default: 0] += failures.count }
        if let first = failures.first, view.problem == nil {
            view.problem = "table \(first.name) cannot be read: \(first.reason)"
        }
        return view
    }

    private struct TablesPage: Encodable {
        var isLoading: Bool
        var tables: [TableView]
        /// To be given as `after` for the next page.
        var next: String?
    }

    private func tables(_ request: WebRequest) async throws(APIRefusal) -> TablesPage {
        let limit = Int(try request.integer("limit", in: 1...500, standard: 100))
        let after = request.value("after") ?? ""
        let now = clock.now()
        let writer = await writer()
        let all = await watch.watches().filter { after.utf8.lexicographicallyPrecedes($0.name.description.utf8) }
        var views: [TableView] = []
        for table in all.prefix(limit) {
            views.append(TableView(await table.facts(), writer: writer, now: now, options: options))
        }
        return TablesPage(
            isLoading: await watch.isLoading, tables: views, next: all.count > limit ? views.last?.name : nil)
    }

    private func table(_ table: TableWatch) async throws(APIRefusal) -> TableView {
        TableView(await table.facts(), writer: await writer(), now: clock.now(), options: options)
    }
}
