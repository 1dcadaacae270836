import Catalog
import Ingest
import LakeModel
import ObjectStorage

/// What a seed led to.
public struct SimulationReport: Sendable {
    public var seed: UInt64
    /// The first rule that was broken; nil where none was.
    public var violation: String?
    /// The last things that happened before it.
    public var trace: [String] = []
    /// The same for the same seed, however often it runs.
    public var traceHash: UInt64 = 0xCBF2_9CE4_8422_2325
    public var steps = 0
    public var events = 0
    public var commits: [String: Int] = [:]
    /// What was started of maintenance, by its first word.
    public var verbs: [String: Int] = [:]
    public var verbsKilled = 0
    public var certificates = 0
    /// Events that erasures and retention took out.
    public var eventsRemoved = 0
    public var kills = 0
    public var freezes = 0
    public var evictions = 0
    public var rebalances = 0
    public var storeFaults = 0
    public var ghosts = 0
}

/// A whole installation in one thread: writers, maintenance, a broker, a store and the network between them.
///
/// Everything that happens is picked by the seed: whose task runs next, when time passes, what breaks. After each step
/// the truth has been checked against what the store holds.
public final class World {
    var random: SplitMix
    let scenario: Scenario
    let time = VirtualTime()
    let broker = MemoryBroker()
    let network: SimulatedNetwork
    let truth: Truth
    let replica: ReplicaTruth
    let store: ObservedStore
    let group: SimulatedGroup
    let maintenance: SimulatedMaintenance
    var writers: [SimulatedWriter] = []
    var writersEver = 0
    var report: SimulationReport
    /// In every eighth installation several processes see to the log in the same moment; drawn apart from the rest, so
    /// that the others are what they were without it.
    private var crowd: SplitMix?
    private var healsAt: Duration?
    private var eventTime: Int64 = VirtualTime.start.milliseconds - 7_200_000

    public init(seed: UInt64) {
        random = SplitMix(seed: seed, stream: 1)
        scenario = Scenario(&random)
        report = SimulationReport(seed: seed)
        crowd = seed % 8 == 0 && scenario.collectsAtOnce ? SplitMix(seed: seed, stream: 4) : nil
        network = SimulatedNetwork(time: time, random: SplitMix(seed: seed, stream: 2), weather: scenario.weather)
        truth = Truth(
            table: "orders", time: time, grace: SimulatedMaintenance.grace - .seconds(10),
            retention: scenario.retention, clockSkewMax: MaintenanceSite.clockSkewMax)
        replica = ReplicaTruth(original: truth)
        let storeClock = StoreClock(time: time, random: SplitMix(seed: seed, stream: 3), jitterMilliseconds: 3000)
        store = ObservedStore(memory: MemoryObjectStore(clock: storeClock, partBytesLeast: 1), witness: truth)
        let copy = ObservedStore(
            memory: MemoryObjectStore(clock: storeClock, location: "memory:copy"), witness: replica)
        group = SimulatedGroup(broker: broker, time: time)
        maintenance = SimulatedMaintenance(
            site: MaintenanceSite(
                store: store, copy: copy, network: network, scenario: scenario, truth: truth, replica: replica))
        broker.createTopic("orders", partitions: scenario.partitions)
        for _ in 0..<scenario.writers { startWriter() }
    }

    public static func run(seed: UInt64) -> SimulationReport {
        World(seed: seed).run()
    }

    func run() -> SimulationReport {
        while report.steps < scenario.steps, truth.firstViolation == nil {
            report.steps += 1
            step()
        }
        if truth.firstViolation == nil { settle() }
        if truth.firstViolation == nil { audit() }
        let truth = truth.now
        report.violation = truth.violations.first
        (report.commits, report.ghosts) = (truth.commits, truth.ghosts)
        (report.certificates, report.eventsRemoved) = (truth.certificates.count, truth.gone.count)
        (report.evictions, report.rebalances) = (group.evictions, group.rebalances)
        report.storeFaults = network.faultCount
        return report
    }

    /// Notes what happened, for people and for comparing runs.
    func note(_ text: @autoclosure () -> String) {
        let line = "\(time.elapsed.milliseconds) ms: \(text())"
        for byte in line.utf8 { report.traceHash = (report.traceHash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        report.trace.append(line)
        if report.trace.count > 400 { report.trace.removeFirst(200) }
    }

    func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }

    func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    // MARK: Steps

    private func step() {
        if chance(scenario.kills) { killWriter() }
        if chance(scenario.freezes) { freezeWriter() }
        if chance(scenario.outages) { breakStore() }
        if chance(scenario.rebalances) { group.reshuffle() }
        if chance(scenario.maintenance) { maintain(maintenance.draw(&random, events: report.events)) }
        crowdTheLog()
        // They live shorter than writers.
        if maintenance.isBusy, chance(scenario.kills * 5) { killMaintenance() }
        if maintenance.isBusy, chance(scenario.freezes * 5) { freezeMaintenance() }
        if chance(0.05) { produce() }
        group.coordinate()
        advanceWriters()
        if let healsAt, time.elapsed >= healsAt { heal() }
    }

    /// Picks one of: a task's next piece, a writer's turn, time.
    func advanceWriters() {
        let awake = writers.filter { writer in
            writer.frozenUntil.map { $0 <= time.elapsed } ?? true
        }
        let verbs = maintenance.processes.filter { $0.frozenUntil.map { $0 <= time.elapsed } ?? true }
        let queues = ([network.queue] + verbs.map(\.queue) + awake.map(\.queue)).filter { $0.count > 0 }
        let dice = pick(10)
        if !queues.isEmpty, dice < 7 {
            let queue = queues[pick(queues.count)]
            queue.run(at: pick(queue.count))
        } else if dice < (queues.isEmpty ? 5 : 9), let writer = awake.isEmpty ? nil : awake[pick(awake.count)] {
            turn(writer)
        } else {
            passTime(hasWork: !queues.isEmpty)
        }
        let (ends, problems) = maintenance.reap()
        for text in ends { note(text) }
        for text in problems { truth.blame(text) }
    }

    func maintain(_ verb: MaintenanceVerb) {
        note(maintenance.start(verb, &random))
        report.verbs[String(verb.name.prefix { $0 != " " && $0 != "," }), default: 0] += 1
    }

    /// Checkpoints and collections of one head, all at once.
    private func crowdTheLog() {
        guard var dice = crowd else { return }
        if maintenance.processes.count < 3, Double.random(in: 0..<1, using: &dice) < 0.01 {
            for _ in 0..<Int.random(in: 2...5, using: &dice) {
                let isCollecting = Int.random(in: 0..<3, using: &dice) == 0
                maintain(isCollecting ? .collect(keep: Int64.random(in: 0...2, using: &dice)) : .checkpoint)
            }
        }
        crowd = dice
    }

    private func killMaintenance() {
        note(maintenance.kill(&random))
        report.verbsKilled += 1
    }

    private func freezeMaintenance() {
        let process = maintenance.processes[pick(maintenance.processes.count)]
        let seconds = Int64.random(in: 1...120, using: &random)
        note("m\(process.id) stops for \(seconds) s")
        report.freezes += 1
        process.frozenUntil = time.elapsed + .seconds(seconds)
    }

    private func turn(_ writer: SimulatedWriter) {
        writer.frozenUntil = nil
        if let problem = writer.turn(group) {
            note("writer \(writer.id) \(problem)")
            truth.blame("writer \(writer.id) \(problem)")
        }
        truth.check(hints: broker.hints())
        if case .ended(let why) = writer.stage {
            note("writer \(writer.id) ended: \(why)")
            // A process takes its tasks along.
            writer.life.end()
            writers.removeAll { $0 === writer }
            graveyard.append(writer)
            if !isSettling { startWriter() }
        }
    }

    /// Tasks of writers that ended; they run on to their next request and end there.
    private var graveyard: [SimulatedWriter] = []
    var isSettling = false

    private func passTime(hasWork: Bool) {
        for writer in graveyard where writer.queue.count > 0 { writer.queue.run(at: pick(writer.queue.count)) }
        for verb in maintenance.killed where verb.queue.count > 0 { verb.queue.run(at: pick(verb.queue.count)) }
        let now = time.elapsed
        let longest: Int64 = hasWork ? 20 : chance(0.1) ? 5000 : 500
        let target = now + .milliseconds(Int64.random(in: 1...longest, using: &random))
        // Where something is due nothing is leapt over.
        time.advance(to: max(min(target, time.nextDue ?? target), now))
    }

    func startWriter(once: Bool = false) {
        writersEver += 1
        note("writer \(writersEver) starts")
        writers.append(
            SimulatedWriter(
                id: writersEver, scenario: scenario, broker: broker, store: store, network: network,
                random: SplitMix(seed: random.next()), once: once))
    }

    private func killWriter() {
        let victims = writers.filter(\.isAlive)
        guard !victims.isEmpty else { return }
        let victim = victims[pick(victims.count)]
        note("writer \(victim.id) is killed")
        report.kills += 1
        victim.kill()
        writers.removeAll { $0 === victim }
        graveyard.append(victim)
        // Its connection to the broker is closed by its system, mostly; else the session has to end by itself.
        if chance(0.7) { group.leave(victim.id) }
        startWriter()
    }

    private func freezeWriter() {
        guard !writers.isEmpty else { return }
        let writer = writers[pick(writers.count)]
        let seconds = Int64.random(in: 1...120, using: &random)
        note("writer \(writer.id) stops for \(seconds) s")
        report.freezes += 1
        writer.frozenUntil = time.elapsed + .seconds(seconds)
    }

    private func breakStore() {
        guard healsAt == nil else { return }
        let seconds = Int64.random(in: 1...90, using: &random)
        let isDenied = chance(0.3)
        note("the store \(isDenied ? "refuses credentials" : "is out") for \(seconds) s")
        network.change { ($0.isOut, $0.isDenied) = (!isDenied, isDenied) }
        healsAt = time.elapsed + .seconds(seconds)
    }

    func heal() {
        healsAt = nil
        network.change { ($0.isOut, $0.isDenied) = (false, false) }
    }

    private func produce() {
        let partitions = broker.partitions()
        let name = partitions[pick(partitions.count)]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            eventTime += Int64.random(in: 0...60_000, using: &random)
            let isLate = chance(0.05)
            let number = report.events
            report.events += 1
            var event = ProducedEvent(
                key: chance(0.1) ? nil : Array("k\(number % 7)".utf8), value: Array(#"{"n":\#(number)}"#.utf8),
                timestamp: isLate ? eventTime - 5 * 3_600_000 : eventTime)
            if chance(0.05) { event.value = nil }
            // Neither time nor place: for the dead letters.
            if chance(0.02) { event.timestamp = -1 }
            broker.produce(event, to: name, gap: chance(0.05) ? 2 : 0)
        }
    }
}
