import Catalog
import LakeModel
import TestSupport
import Testing

@testable import Maintenance

private let source = TopicPartition(topic: "orders", partition: 0)
private let now = Timestamp(milliseconds: 1_795_237_200_000)

private func object(
    _ number: Int64, bytes: Int64, hour: UInt8 = 1, side: TableSide = .main, format: DataFormat = .envelope,
    tags: [String] = [], uploadedAt: Timestamp = now
) -> DataObject {
    let partition = PartitionPath(date: CalendarDay(daysSinceEpoch: 20_777), hour: hour, shard: 0)
    return DataObject(
        path: "\(side.folder)/\(partition)/\(side)-\(format)-\(number)-\(tags.joined()).ndjson.zst", side: side,
        partition: partition, format: format, bytes: bytes, uncompressedBytes: bytes * 5, records: 10, eventTime: nil,
        offsets: [OffsetSpan(source, first: number * 10, last: number * 10 + 9, count: 10)],
        checksum: Checksum(algorithm: .crc32c, value: "00000000"), uploadedAt: uploadedAt, tags: tags)
}

private func policy(_ change: (inout CompactionPolicy) -> Void = { _ in }) -> CompactionPolicy {
    var policy = CompactionPolicy()
    policy.targetBytes = 1000
    change(&policy)
    return policy
}

private func closed(_ hour: UInt8) -> TableHead {
    var head = TableHead()
    head.closedThrough = LakeHour(date: CalendarDay(daysSinceEpoch: 20_777), hour: hour)
    return head
}

private func groups(
    _ objects: [DataObject], _ policy: CompactionPolicy = policy(), head: TableHead = closed(23)
) -> [CompactionGroup] {
    var planner = CompactionPlanner(policy: policy, head: head, now: now)
    planner.add(objects)
    return planner.groups
}

@Suite("planning a compaction")
struct CompactionPlannerTests {
    @Test("hours that are open and warm are left alone, complete or cold ones are taken on")
    func settled() {
        let warm = (0..<4).map { object($0, bytes: 10) }
        #expect(groups(warm, head: closed(0)).isEmpty)
        #expect(groups(warm, head: closed(1)).count == 1)
        let yesterday = now.advanced(byMilliseconds: -86_400_000)
        let cold = (0..<4).map { object($0, bytes: 10, uploadedAt: yesterday) }
        #expect(groups(cold, head: TableHead()).count == 1)
        #expect(groups(cold + [object(9, bytes: 10)], head: TableHead()).isEmpty)
    }

    @Test("partitions, sides, formats and labels are never mixed; late events join their hour")
    func kinds() {
        let objects = (0..<2).flatMap { number in
            [
                object(number, bytes: 10), object(number + 2, bytes: 10, tags: ["late"]),
                object(number, bytes: 10, hour: 2), object(number, bytes: 10, side: .late),
                object(number, bytes: 10, side: .deadLetter), object(number, bytes: 10, format: .value),
                object(number, bytes: 10, tags: ["hold"]),
            ]
        }
        let plan = groups(objects)
        #expect(plan.map(\.inputs.count).sorted() == [2, 2, 2, 2, 2, 4])
        #expect(Set(plan.flatMap(\.inputs)).count == 14)
        let held = groups(objects, policy { $0.holds = [LegalHold(name: "h", tags: ["hold"])] })
        #expect(Set(held.flatMap(\.inputs)).count == 12)
    }

    @Test("good objects stay, groups come up to the target, crumbs do not drag a large object along")
    func sizes() {
        #expect(groups([object(0, bytes: 800), object(1, bytes: 900)]).isEmpty)
        let many = groups((0..<30).map { object($0, bytes: 100) })
        #expect(many.map(\.bytes) == [1000, 1000, 1000])
        #expect(groups([object(0, bytes: 700), object(1, bytes: 10)]).isEmpty)
        let crumbs = groups([object(0, bytes: 700), object(1, bytes: 10), object(2, bytes: 10)])
        #expect(crumbs.map(\.bytes) == [20])
        #expect(groups([object(0, bytes: 600), object(1, bytes: 300)]).map(\.bytes) == [900])
    }

    @Test("groups that have to be sorted are kept to the memory, those in order are not")
    func memory() throws {
        let mixed = (0..<40 as Range<Int64>).map { number in
            var object = object(number, bytes: 20 << 20, format: .parquet)
            let other = TopicPartition(topic: "orders", partition: 1)
            object.offsets.append(OffsetSpan(other, first: number * 10, last: number * 10 + 9, count: 10))
            return object
        }
        let inOrder = (0..<40 as Range<Int64>).map { object($0, bytes: 20 << 20, format: .parquet) }
        func plan(_ objects: [DataObject]) -> [CompactionGroup] {
            var planner = CompactionPlanner(
                policy: CompactionPolicy(), head: closed(23), now: now, memoryBytesMax: 512 << 20)
            planner.add(objects)
            return planner.groups
        }
        let sorted = plan(mixed)
        #expect(sorted.flatMap(\.inputs).count == 40)
        #expect(sorted.allSatisfy { MergeMemory.fits(.init($0), total: 512 << 20) })
        #expect((sorted.first?.bytes ?? 0) >= 180 << 20)
        #expect(plan(inOrder).first?.bytes == 240 << 20)
        var planner = CompactionPlanner(policy: CompactionPolicy(), head: closed(23), now: now)
        planner.add(mixed)
        #expect(planner.groups.first?.bytes == 240 << 20)
    }

    @Test("groups are neighbours by offset, whatever order the objects come in")
    func neighbours() {
        var generator = SeededGenerator(seed: 5)
        let objects = (0..<20).map { object($0, bytes: 100) }
        let plan = groups(objects)
        for _ in 0..<10 { #expect(groups(objects.shuffled(using: &generator)) == plan) }
        #expect(plan.first?.inputs == objects.prefix(10).map(\.path))
    }

    @Test("a partition that gets a small object a thousand times is written few times over", arguments: [1, 10, 70])
    func amplification(bytes: Int64) {
        var (live, written, appended) = ([DataObject](), Int64(0), Int64(0))
        for round in 0..<1000 {
            live.append(object(Int64(round), bytes: bytes))
            appended += bytes
            for group in groups(live) {
                let gone = Set(group.inputs)
                let first = live.filter { gone.contains($0.path) }.map { $0.offsets[0].first / 10 }.min() ?? 0
                live.removeAll { gone.contains($0.path) }
                var merged = object(first, bytes: group.bytes)
                merged.path += "-\(round)"
                live.append(merged)
                written += group.bytes
            }
        }
        // Each byte is written again only into something half as large again as before: log(1000) / log(1.5) times.
        #expect(Double(written) / Double(appended) < 17, "written \(written) of \(appended)")
        #expect(live.count < 12 + appended / 750)
    }

    @Test("random tables: no object in two groups, none invented, every group of one kind")
    func random() {
        for seed in 1...50 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let objects = (0..<60).map { number in
                object(
                    Int64(number), bytes: .random(in: 1...1200, using: &generator),
                    hour: .random(in: 0...3, using: &generator),
                    side: TableSide.allCases.randomElement(using: &generator) ?? .main,
                    format: [DataFormat.envelope, .value].randomElement(using: &generator) ?? .value)
            }
            let plan = groups(objects, policy { $0.keepsLastOfKey = seed % 5 == 0 })
            let paths = plan.flatMap(\.inputs)
            #expect(Set(paths).count == paths.count, "seed=\(seed)")
            #expect(Set(paths).isSubset(of: objects.map(\.path)), "seed=\(seed)")
            for group in plan {
                let inputs = objects.filter { group.inputs.contains($0.path) }
                #expect(Set(inputs.map { "\($0.partition) \($0.side) \($0.format)" }).count == 1, "seed=\(seed)")
                #expect(inputs.reduce(0) { $0 + $1.bytes } == group.bytes, "seed=\(seed)")
            }
        }
    }

    @Test("where the last event of each key is kept, a partition is done once, and again for new events")
    func lastOfKeyOnce() {
        let keeping = policy { $0.keepsLastOfKey = true }
        var objects = [object(0, bytes: 5000)]
        #expect(groups(objects, keeping).map(\.inputs) == [objects.map(\.path)])
        objects = (0..<3).map { number in
            var done = object(Int64(number), bytes: 5000)
            done.tags = ["last_of_key"]
            return done
        }
        #expect(groups(objects, keeping).isEmpty)
        objects.append(object(3, bytes: 1))
        #expect(groups(objects, keeping).map { Set($0.inputs) } == [Set(objects.map(\.path))])
    }

    @Test("slices share the groups out, each to one slice", arguments: [1, 2, 3, 7, 40])
    func slices(count: Int) throws {
        let objects = (0..<24).flatMap { hour in (0..<6).map { object($0, bytes: 1 + $0 * 20, hour: hour) } }
        let name = try #require(TableName("orders"))
        let plan = CompactionPlan(table: name, version: 7, at: now, policy: policy(), groups: groups(objects))
        let slices = (0..<count).map { plan.slice($0, of: count).map(\.id) }
        #expect(slices.flatMap(\.self).sorted() == plan.groups.map(\.id))
        #expect((slices.map(\.count).max() ?? 0) - (slices.map(\.count).min() ?? 0) <= 2)
        #expect(try CompactionPlan.decode(plan.encoded()) == plan)
    }

    @Test("plans that contradict themselves are refused")
    func badPlans() throws {
        let name = try #require(TableName("orders"))
        let group = try #require(groups((0..<4).map { object($0, bytes: 10) }).first)
        var twin = group
        twin.id = 1
        for groups in [[group, group], [group, twin]] {
            let plan = CompactionPlan(table: name, version: 7, at: now, policy: policy(), groups: groups)
            #expect(throws: MaintenanceError.self) { try CompactionPlan.decode(plan.encoded()) }
        }
        for bytes in [0, Int64.max] {
            var policy = policy()
            policy.targetBytes = bytes
            let plan = CompactionPlan(table: name, version: 7, at: now, policy: policy, groups: [group])
            #expect(throws: MaintenanceError.self) { try CompactionPlan.decode(plan.encoded()) }
        }
        #expect(throws: MaintenanceError.self) { try CompactionPlan.decode(Array("{}".utf8)) }
        #expect(throws: MaintenanceError.self) { try CompactionPlan.decode(Array("{\"format\":2}".utf8)) }
    }

    @Test(
        "a span of hours covers each day that it touches, in tables that are partitioned by day",
        arguments: [
            ("2026-11-21/05", nil, true), ("2026-11-22/00", nil, false), (nil, "2026-11-21/05", true),
            (nil, "2026-11-20/23", false), ("2026-11-20/23", "2026-11-21/00", true),
        ] as [(String?, String?, Bool)])
    func daysOfASpan(first: String?, last: String?, isCovered: Bool) {
        let day = LakeHour(date: CalendarDay(daysSinceEpoch: 20_778), hour: nil)
        #expect(day.description == "2026-11-21")
        let policy = policy {
            $0.firstHour = first.flatMap { LakeHour($0) }
            $0.lastHour = last.flatMap { LakeHour($0) }
        }
        #expect(policy.covers(day) == isCovered)
    }
}
