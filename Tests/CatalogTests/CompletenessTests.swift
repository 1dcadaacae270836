import Catalog
import LakeModel
import Testing

@Suite("Complete hours")
struct CompletenessTests {
    private func layout(_ zone: String, _ granularity: TableLayout.Granularity = .hour) -> TableLayout {
        TableLayout(granularity: granularity, zone: zone, shards: 1, time: "kafka", shardBy: "partition")
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func head(_ watermarks: [String?], first: String, closed: String? = nil) throws -> TableHead {
        var head = TableHead()
        for (index, watermark) in watermarks.enumerated() {
            head.progress[TopicPartition(topic: "t", partition: Int32(index))] = Progress(
                next: 1, watermark: try watermark.map(time))
        }
        head.eventTime = TimeSpan(min: try time(first), max: try time(first))
        head.closedThrough = try closed.map { try #require(LakeHour($0)) }
        return head
    }

    private func complete(
        _ head: TableHead, zone: String = "UTC", grace: Int64 = 0, idle: Set<TopicPartition> = [],
        granularity: TableLayout.Granularity = .hour
    ) throws -> [String] {
        try Completeness(layout: layout(zone, granularity), graceMilliseconds: grace)
            .newlyComplete(head, idle: idle).map(\.description)
    }

    @Test("an hour is complete when the slowest topic partition has passed its end")
    func slowest() throws {
        let head = try head(["2026-11-21T05:00:00Z", "2026-11-21T07:30:00Z"], first: "2026-11-21T03:10:00Z")
        #expect(try complete(head) == ["2026-11-21/03", "2026-11-21/04"])
    }

    @Test("the grace holds an hour back to the millisecond")
    func grace() throws {
        let exact = try head(["2026-11-21T05:10:00.000Z"], first: "2026-11-21T04:10:00Z")
        #expect(try complete(exact, grace: 600_000) == ["2026-11-21/04"])
        let early = try head(["2026-11-21T05:09:59.999Z"], first: "2026-11-21T04:10:00Z")
        #expect(try complete(early, grace: 600_000).isEmpty)
    }

    @Test("a topic partition without a watermark holds everything back, unless it is idle")
    func idle() throws {
        let head = try head(["2026-11-21T05:00:00Z", nil], first: "2026-11-21T04:10:00Z")
        #expect(try complete(head).isEmpty)
        let idle = TopicPartition(topic: "t", partition: 1)
        #expect(try complete(head, idle: [idle]) == ["2026-11-21/04"])
        #expect(try complete(head, idle: Set(head.progress.keys)).isEmpty)
    }

    @Test("what was declared is not declared again, and hours without events are declared in between")
    func goesOn() throws {
        let head = try head(["2026-11-21T08:00:00Z"], first: "2026-11-21T03:10:00Z", closed: "2026-11-21/04")
        #expect(try complete(head) == ["2026-11-21/05", "2026-11-21/06", "2026-11-21/07"])
    }

    @Test("a jump of years names the newest hours only")
    func jump() throws {
        let head = try head(["2026-11-21T08:00:00Z"], first: "1970-01-01T00:00:00Z")
        let hours = try complete(head)
        #expect(hours.count == Completeness.hoursMax)
        #expect(hours.last == "2026-11-21/07")
    }

    @Test("hours of the day when clocks change are named once each and end when they end for good")
    func daylightSaving() throws {
        // 2026-10-25 01:00Z: Berlin goes from 03:00 back to 02:00, so hour 02 lasts from 00:00Z to 02:00Z.
        let autumn = try head(["2026-10-25T01:59:59Z"], first: "2026-10-24T22:30:00Z")
        #expect(try complete(autumn, zone: "Europe/Berlin") == ["2026-10-25/00", "2026-10-25/01"])
        let after = try head(["2026-10-25T02:00:00Z"], first: "2026-10-24T22:30:00Z")
        #expect(try complete(after, zone: "Europe/Berlin") == ["2026-10-25/00", "2026-10-25/01", "2026-10-25/02"])
        // 2026-03-29 01:00Z: Berlin skips hour 02.
        let spring = try head(["2026-03-29T02:00:00Z"], first: "2026-03-28T23:30:00Z", closed: "2026-03-29/00")
        #expect(try complete(spring, zone: "Europe/Berlin") == ["2026-03-29/01", "2026-03-29/03"])
        // Lord Howe changes by half an hour, Kathmandu is 5:45 ahead.
        let howe = try head(["2026-04-04T15:30:00Z"], first: "2026-04-04T13:00:00Z")
        #expect(try complete(howe, zone: "Australia/Lord_Howe") == ["2026-04-05/00", "2026-04-05/01"])
        let nepal = try head(["2026-11-21T05:15:00Z"], first: "2026-11-21T04:20:00Z")
        #expect(try complete(nepal, zone: "Asia/Kathmandu") == ["2026-11-21/10"])
    }

    @Test("days of a zone end at its own midnight")
    func days() throws {
        let head = try head(["2026-10-26T23:30:00Z"], first: "2026-10-24T22:30:00Z")
        #expect(try complete(head, zone: "Europe/Berlin", granularity: .day) == ["2026-10-25", "2026-10-26"])
    }

    @Test("a day is complete with its last hour, and its hours with it")
    func daysAndHours() throws {
        func isComplete(_ asked: String, through closed: String) throws -> Bool {
            let head = try head([], first: "2026-11-20T00:00:00Z", closed: closed)
            return head.isComplete(try #require(LakeHour(asked)))
        }
        #expect(try !isComplete("2026-11-21", through: "2026-11-21/00"))
        #expect(try !isComplete("2026-11-21", through: "2026-11-21/22"))
        #expect(try isComplete("2026-11-21", through: "2026-11-21/23"))
        #expect(try isComplete("2026-11-21/05", through: "2026-11-21"))
        #expect(try isComplete("2026-11-21", through: "2026-11-21"))
        #expect(try !isComplete("2026-11-22", through: "2026-11-21"))
    }

    @Test(
        "every hour of a year, in zones of every sort, is declared once and in order",
        arguments: [
            "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
            "America/St_Johns", "Africa/Casablanca",
        ])
    func wholeYear(zone: String) throws {
        let rule = try Completeness(layout: layout(zone), graceMilliseconds: 0)
        let calendar = try #require(PartitionCalendar(layout(zone)))
        var head = try head(["2026-01-01T00:00:00Z"], first: "2026-01-01T00:00:00Z")
        var seen: [LakeHour] = []
        var now = try time("2026-01-01T00:00:00Z")
        while now < (try time("2027-01-01T00:00:00Z")) {
            now = now.advanced(byMilliseconds: 37 * 60_000)
            head.progress[TopicPartition(topic: "t", partition: 0)]?.watermark = now
            let hours = rule.newlyComplete(head)
            for hour in hours {
                #expect(calendar.end(of: hour) <= now.milliseconds)
                #expect(calendar.end(of: hour) > now.milliseconds - 37 * 60_000)
            }
            seen += hours
            head.closedThrough = hours.last ?? head.closedThrough
        }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 })
        #expect((8757...8761).contains(seen.count))
    }

    @Test("an unknown zone is refused")
    func unknownZone() {
        #expect(throws: CatalogError.self) { try Completeness(layout: layout("Mars/Olympus"), graceMilliseconds: 0) }
    }

    @Test("a commit declares hours by the head it lands on, and marks are put once")
    func closingCommit() async throws {
        let bench = try Bench()
        let (table, other) = (try await bench.open(), try await bench.open())
        try await bench.append(table, orders0, hour: 0)
        // Another writer brings a topic partition that is behind: nothing may be closed over its head.
        try await bench.append(other, orders1, hour: 1)
        var change = bench.appending(orders0, from: 10, count: 10, hour: 5)
        change.closing = ClosingRule(try Completeness(layout: hourly, graceMilliseconds: 0))
        let receipt = try await table.commit(change, id: bench.id(), writer: anyWriter)
        #expect(receipt.closed == [LakeHour(bench.partition(hour: 0))])
        for _ in 0..<2 { try await table.markComplete(receipt.closed) }
        #expect(try await bench.store.keys.contains("orders/data/date=2026-11-21/hour=00/_SUCCESS"))
        #expect(try await bench.open().head().closedThrough == receipt.closed.last)
    }

    @Test("a topic partition that was idle to who decided counts where it has moved on meanwhile")
    func movedOn() async throws {
        let bench = try Bench()
        let (table, other) = (try await bench.open(), try await bench.open())
        try await bench.append(table, orders0, hour: 0)
        try await bench.append(other, orders1, hour: 1)
        for (next, hours) in [(9, 1), (10, 4)] as [(Int64, Int)] {
            var change = bench.appending(orders0, from: hours == 1 ? 10 : 20, count: 10, hour: 5)
            change.closing = ClosingRule(try Completeness(layout: hourly, graceMilliseconds: 0), idle: [orders1: next])
            let receipt = try await table.commit(change, id: bench.id(), writer: anyWriter)
            #expect(receipt.closed.count == hours)
        }
    }
}
