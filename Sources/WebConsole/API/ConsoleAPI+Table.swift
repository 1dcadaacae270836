import Catalog
import LakeModel
import Operations

/// Details of one table.
extension ConsoleAPI {
    struct HoursPage: Encodable {
        var from: String
        var to: String
        var side: String
        var granularity: String
        /// False while manifests of these days are still being read: ask again.
        var isWhole: Bool
        var hours: [HourView]
    }

    func hours(_ table: TableWatch, _ request: WebRequest) async throws(APIRefusal) -> HoursPage {
        let head = await table.head
        // As many cells of a heat map either way.
        let isByDay = head.layout?.granularity == .day
        let (days, side) = try await range(
            table, request, daysMax: isByDay ? 400 : 92, standard: isByDay ? 92 : 14)
        let range = LakeHour(date: days.lowerBound, hour: nil)...LakeHour(date: days.upperBound, hour: 23)
        let known = try await reading { () async throws(CatalogError) in try await table.hours(range, side: side) }
        return HoursPage(
            from: "\(days.lowerBound)", to: "\(days.upperBound)", side: side.rawValue,
            granularity: head.layout?.granularity.rawValue ?? "hour", isWhole: known.isWhole,
            hours: known.hours.map { HourView($0, isComplete: head.isComplete($0.hour)) })
    }

    struct DaysPage: Encodable {
        var from: String
        var to: String
        var side: String
        var isWhole: Bool
        var days: [DayView]
    }

    func days(_ table: TableWatch, _ request: WebRequest) async throws(APIRefusal) -> DaysPage {
        let (days, side) = try await range(table, request, daysMax: 400, standard: 30)
        let range = LakeHour(date: days.lowerBound, hour: nil)...LakeHour(date: days.upperBound, hour: 23)
        let known = try await reading { () async throws(CatalogError) in try await table.hours(range, side: side) }
        let count = Int(days.upperBound.daysSinceEpoch - days.lowerBound.daysSinceEpoch) + 1
        return DaysPage(
            from: "\(days.lowerBound)", to: "\(days.upperBound)", side: side.rawValue, isWhole: known.isWhole,
            days: DayView.series(known.hours, side: side, days: count))
    }

    /// The days asked for: `from` and `to`, else the last days of the table.
    private func range(_ table: TableWatch, _ request: WebRequest, daysMax: Int32, standard: Int32)
        async throws(APIRefusal) -> (ClosedRange<CalendarDay>, TableSide)
    {
        func day(_ name: String) throws(APIRefusal) -> CalendarDay? {
            guard let text = request.value(name) else { return nil }
            guard let day = CalendarDay(text) else { throw APIRefusal(400, "\(name) must be a day such as 2026-11-21") }
            return day
        }
        let newest = await table.head.eventTime?.max.day ?? clock.now().day
        let last = try day("to") ?? newest
        let span = try request.integer("days", in: 1...Int64(daysMax), standard: Int64(standard))
        let first = try day("from") ?? CalendarDay(daysSinceEpoch: last.daysSinceEpoch &- Int32(span) &+ 1)
        guard first <= last, last.daysSinceEpoch - first.daysSinceEpoch < daysMax else {
            throw APIRefusal(400, "from and to must span 1 to \(daysMax) days")
        }
        return (first...last, try side(request))
    }

    private func side(_ request: WebRequest) throws(APIRefusal) -> TableSide {
        guard let side = TableSide(rawValue: request.value("side") ?? "main") else {
            throw APIRefusal(400, "side must be main, late or dead_letter")
        }
        return side
    }

    struct CommitsPage: Encodable {
        var commits: [CommitView]
        /// To be given as `before` for the next page.
        var next: Int64?
    }

    func commits(_ table: TableWatch, _ request: WebRequest) async throws(APIRefusal) -> CommitsPage {
        let limit = try request.integer("limit", in: 1...200, standard: 50)
        let before = try request.integer("before", in: 1...Int64.max, standard: .max)
        let commits = try await reading { () async throws(CatalogError) in
            try await table.commits(through: before == .max ? nil : before - 1, limit: limit)
        }
        let next = commits.last.flatMap { $0.version > 1 && commits.count == Int(limit) ? $0.version : nil }
        return CommitsPage(commits: commits, next: next)
    }

    struct ObjectsPage: Encodable {
        var hour: String
        var side: String
        var objects: [ObjectView]
        /// To be given as `after` for the next page.
        var next: String?
    }

    func objects(_ table: TableWatch, _ request: WebRequest) async throws(APIRefusal) -> ObjectsPage {
        guard let hour = LakeHour(request.value("hour") ?? "") else {
            throw APIRefusal(400, "hour must be one such as 2026-11-21/05")
        }
        let limit = Int(try request.integer("limit", in: 1...500, standard: 50))
        let side = try side(request)
        let after = request.value("after") ?? ""
        let found = try await reading { () async throws(CatalogError) in
            try await table.objects(hour, side: side, after: after, limit: limit + 1)
        }
        let page = found.prefix(limit).map { ObjectView($0) }
        return ObjectsPage(
            hour: "\(hour)", side: side.rawValue, objects: page, next: found.count > limit ? page.last?.path : nil)
    }

    struct SourcesPage: Encodable {
        var sources: [SourceView]
        var next: String?
    }

    func sources(_ table: TableWatch, _ request: WebRequest) async throws(APIRefusal) -> SourcesPage {
        let limit = Int(try request.integer("limit", in: 1...1000, standard: 100))
        let skipped = Int(try request.integer("after", in: 0...10_000_000, standard: 0))
        let head = await table.head
        let own = await writer()?.sources.filter { $0.table == "\(table.name)" } ?? []
        let lags = Dictionary(own.map { ($0.name, $0) }) { first, _ in first }
        let all = head.progress.sorted { $0.key < $1.key }
        let page = all.dropFirst(skipped).prefix(limit).map { source, progress in
            SourceView(
                topic: source.topic, partition: source.partition, next: progress.next,
                watermark: progress.watermark?.description, lagEvents: lags[source]?.lagEvents,
                lagSeconds: lags[source]?.lagSeconds)
        }
        return SourcesPage(sources: Array(page), next: all.count > skipped + limit ? "\(skipped + limit)" : nil)
    }

    struct DebtView: Encodable {
        struct Hour: Encodable {
            var hour: String
            var objects: Int64
            var smallObjects: Int64
            var smallBytes: Int64
        }

        var objects: Int64
        var bytes: Int64
        var smallBytesMax: Int64
        var manifestsKnown: Int
        var manifests: Int
        /// The hours with the most, the worst first.
        var hours: [Hour]
    }

    func debt(_ table: TableWatch) async -> DebtView {
        let facts = await table.facts()
        let debt = SmallFileDebt(facts)
        return DebtView(
            objects: debt.objects, bytes: debt.bytes, smallBytesMax: facts.smallBytesMax,
            manifestsKnown: facts.known.manifestsKnown, manifests: facts.known.manifests,
            hours: debt.worst.map {
                .init(
                    hour: "\($0.rollup.hour)", objects: $0.rollup.totals.objects,
                    smallObjects: $0.rollup.smallObjects, smallBytes: $0.rollup.smallBytes)
            })
    }

    struct DeadLettersView: Encodable {
        var total: TotalsView
        /// The last 30 days that have any, by the hour in which the events would be.
        var days: [DayView]
        var hours: [HourView]
        /// Since the writer's start, where one runs here.
        var reasons: [String: Int64]?
    }

    func deadLetters(_ table: TableWatch) async -> DeadLettersView {
        let facts = await table.facts()
        let hours = facts.known.hours.filter { $0.totals.side == .deadLetter }
        let writer = await writer()?.tables.first { $0.name == facts.name }
        return DeadLettersView(
            total: TotalsView(facts.head.total(of: .deadLetter)),
            days: DayView.series(facts.known.hours, side: .deadLetter, days: 30),
            hours: hours.suffix(24).reversed().map { HourView($0, isComplete: facts.head.isComplete($0.hour)) },
            reasons: writer?.deadLettered)
    }

    /// Catalog errors as answers: what is gone is 404, what cannot be reached now is 503.
    private func reading<Value>(_ body: () async throws(CatalogError) -> Value) async throws(APIRefusal) -> Value {
        do throws(CatalogError) {
            return try await body()
        } catch {
            if case .notFound = error { throw APIRefusal(404, "\(error)") }
            throw APIRefusal(503, "\(error)")
        }
    }
}
