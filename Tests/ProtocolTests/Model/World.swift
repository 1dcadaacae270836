/// The sizes of a model: how much may happen in one history.
struct Bounds {
    /// Changes that each of two writers may begin, three at most; writer A takes one event at a time, writer B two.
    var appendsA: UInt8 = 0
    var appendsB: UInt8 = 0
    /// Changes that a second compactor in the place of writer B may begin, three at most.
    var rivals: UInt8 = 0
    /// Changes that the compactor may begin, two at most.
    var compactions: UInt8 = 0
    /// Vacuums, three at most, and collections of the log after them.
    var vacuums: UInt8 = 0
    var collections: UInt8 = 0
    /// Events in the topic partition.
    var events: UInt8 = 3
    /// Puts of log entries whose answer the network spoils.
    var faults: UInt8 = 0
}

/// The store, the processes, and what is true: one state of the model.
struct World {
    static let slots = 8
    static let objects = 8
    static let compactor = 2
    static let collector = 3

    /// Log slots; version `v` is at `v - 1`.
    var log: InlineArray<8, Entry> = .init(repeating: Entry())
    /// The boundary, and the checkpoint that it names.
    var boundary: UInt8 = 0
    var checkpoint = Head()
    var objects: InlineArray<8, StoredObject> = .init(repeating: StoredObject())
    var inFlight: InlineArray<2, InFlight> = .init(repeating: InFlight())
    /// The store's clock: vacuums begun.
    var now: UInt8 = 0
    var faultsLeft: UInt8
    var events: UInt8
    var agents: InlineArray<4, Agent> = .init(repeating: Agent())

    /// What is true: the heads of all versions, whose entry was the first in its slot. No agent ever reads these.
    var truth: InlineArray<9, Head> = .init(repeating: Head())
    var newest: UInt8 = 0

    init(_ bounds: Bounds) {
        faultsLeft = bounds.faults
        events = bounds.events
        (agents[0].changesLeft, agents[0].batch) = (bounds.appendsA, 1)
        (agents[1].changesLeft, agents[1].batch) = (bounds.appendsB, 2)
        agents[World.compactor].role = .compactor
        agents[World.compactor].changesLeft = bounds.compactions
        agents[World.collector].role = .collector
        agents[World.collector].changesLeft = bounds.vacuums
        agents[World.collector].collectionsLeft = bounds.collections
        agents[World.compactor].step = bounds.compactions > 0 ? .idle : .done
        agents[World.collector].step = bounds.vacuums + bounds.collections > 0 ? .idle : .done
        var scene = Scene(world: self, rules: Rules())
        for index in 0..<2 { scene.beginChange(index) }
        self = scene.world
        guard bounds.rivals > 0 else { return }
        (agents[1].role, agents[1].step, agents[1].changesLeft) = (.compactor, .idle, bounds.rivals)
    }

    func slot(_ version: UInt8) -> Entry {
        version >= 1 && version <= World.slots ? log[Int(version) - 1] : Entry()
    }

    /// A commit's number as the agent that made it counts, and the agent.
    static func owner(of id: UInt8) -> (agent: Int, number: UInt8) { (Int(id / 4), id % 4) }

    func happened(_ id: UInt8) -> Bool {
        for version in 0..<Int(newest) where truth[version + 1].id == id { return true }
        return false
    }
}

/// Things that happened in some history: proof that the model reaches what it is about.
struct Coverage: Hashable {
    var raw: UInt16 = 0

    enum Happening: UInt16, CaseIterable {
        /// An entry was put into a hole that the collector had left.
        case holeFilled
        /// A put with a clear success turned out to be below the boundary.
        case collectedPast
        /// A commit ended without anyone knowing whether it happened.
        case unsettled
        /// A dead object was refused.
        case staleRefused
        /// A zombie's offsets were refused.
        case offsetsRefused
        /// A removal of objects that were gone was refused.
        case removalRefused
        /// A reader met an entry that could not follow, and the boundary explained it.
        case brokenExplained
        /// A commit's own entry came back as a conflict.
        case ownConflict
        /// A put arrived after its writer had stopped waiting for it.
        case latePut
        /// The topic partition was written to its end.
        case allEvents
    }

    mutating func note(_ happening: Happening) { raw |= 1 << happening.rawValue }
    func has(_ happening: Happening) -> Bool { raw & (1 << happening.rawValue) != 0 }
}
