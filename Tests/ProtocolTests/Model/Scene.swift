/// One move in one world, and what came of it.
struct Scene {
    var world: World
    let rules: Rules
    /// Whether the story is told, which takes time.
    var isTold = false
    var story = ""
    var violation: String?
    var coverage = Coverage()

    init(world: World, rules: Rules, isTold: Bool = false) {
        (self.world, self.rules, self.isTold) = (world, rules, isTold)
    }

    mutating func tell(_ text: @autoclosure () -> String) {
        guard isTold else { return }
        story += story.isEmpty ? text() : "; " + text()
    }

    mutating func violate(_ text: String) {
        if violation == nil { violation = text }
    }

    static let names = ["writer A", "writer B", "compactor", "collector"]

    /// Makes one move: `actor` is an agent, or 4 for the network. False where there is no such move.
    mutating func perform(_ actor: Int, choice: Int) -> Bool {
        guard actor < 4 else { return deliver(choice) }
        let isMade =
            switch world.agents[actor].step {
            case .idle: choice == 0 && leaveIdle(actor)
            case .upload: choice == 0 && upload(actor)
            case .replay: choice == 0 && replay(actor)
            case .confirm: choice == 0 && confirm(actor)
            case .put: put(actor, choice)
            case .readBack: readBack(actor, choice)
            case .settle: settle(actor, choice)
            case .listObjects: choice == 0 && listObjects(actor)
            case .deleteObjects: deleteObject(actor, choice)
            case .advanceBoundary: choice == 0 && advanceBoundary(actor)
            case .deleteEntries: deleteEntry(actor, choice)
            case .done: false
            }
        guard isMade else { return false }
        let step = world.agents[actor].step
        if step == .idle || step == .done { world.agents[actor].forgetChange() }
        checkObjects()
        return true
    }

    /// How many choices an actor has at most.
    func choices(_ actor: Int) -> Int {
        guard actor < 4 else { return world.inFlight.count }
        return switch world.agents[actor].step {
        case .done: 0
        case .readBack, .settle: 2
        case .put: 5
        case .deleteObjects, .deleteEntries: 9
        default: 1
        }
    }

    /// A put that nobody waits for any more arrives.
    private mutating func deliver(_ index: Int) -> Bool {
        let flight = world.inFlight[index]
        guard flight.version > 0 else { return false }
        world.inFlight[index] = InFlight()
        let isTaken = world.slot(flight.version).id != 0
        tell("the late put of entry \(flight.version) arrives\(isTaken ? ", in vain" : "")")
        if !isTaken {
            coverage.note(.latePut)
            store(flight.entry, at: flight.version)
        }
        checkObjects()
        return true
    }
}

// What is true, and the invariants over it.
extension Scene {
    /// Puts an entry into its empty slot. The first in a slot is the truth; a later one fills a hole.
    mutating func store(_ entry: Entry, at version: UInt8) {
        world.log[Int(version) - 1] = entry
        guard version > world.newest else {
            coverage.note(.holeFilled)
            tell("it fills a hole of the collected log")
            return
        }
        guard version == world.newest + 1 else { return violate("entry \(version) leaves a gap in the log") }
        var head = world.truth[Int(world.newest)]
        let before = head
        switch head.apply(entry, checksOffsets: false) {
        case .parent: return violate("entry \(version) has a parent that is not the commit before it")
        default: break
        }
        if entry.to > entry.from, entry.from < before.next {
            return violate("event \(entry.from) is committed twice")
        }
        if entry.to > entry.from, entry.from > before.next {
            return violate("event \(before.next) is lost: the offsets jump to \(entry.from)")
        }
        world.truth[Int(version)] = head
        world.newest = version
        checkEvents(head)
        let (agent, number) = World.owner(of: entry.id)
        if world.agents[agent].failed.has(number) { violate("a commit happened that was reported as failed") }
        if head.next == world.events { coverage.note(.allEvents) }
    }

    /// Every event below the next offset is in exactly one live object.
    private mutating func checkEvents(_ head: Head) {
        var seen = Bits()
        for index in 0..<UInt8(World.objects) where head.live.has(index) {
            let events = world.objects[Int(index)].events
            if seen.overlaps(events) { return violate("an event is in two live objects") }
            seen = seen.joined(events)
        }
        if seen != .range(0, head.next) { violate("the live objects hold events \(seen.text), not all below the next") }
    }

    /// Nothing live is deleted, and nothing deleted becomes live.
    private mutating func checkObjects() {
        let live = world.truth[Int(world.newest)].live
        for index in 0..<World.objects where live.has(UInt8(index)) && !world.objects[index].isPresent {
            violate("object \(index) is live and deleted")
        }
    }

    /// What an agent takes for the table was the table.
    mutating func checkBelief(_ head: Head) {
        if head.version > world.newest || world.truth[Int(head.version)] != head {
            violate("it believes in a version \(head.version) that never was")
        }
    }

    mutating func checkFailed(_ id: UInt8) {
        if world.happened(id) { violate("it reports a commit as failed that happened") }
    }
}
