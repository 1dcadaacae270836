/// A writer, the compactor or the collector: what one process knows and is about to do.
struct Agent: Hashable {
    var role = Role.writer
    var step = Step.done
    var goal = Goal.retry
    /// The number of its change, from 1; a change that failed is not taken up again under its number.
    var number: UInt8 = 0
    /// How many changes it may still begin.
    var changesLeft: UInt8 = 0
    /// How many collections a collector may still begin.
    var collectionsLeft: UInt8 = 0
    /// Offsets that an append takes.
    var batch: UInt8 = 0

    /// What it believes.
    var head = Head()
    /// What it is reading on the way to a new head.
    var fresh = Head()
    /// The version that this replay began at.
    var base: UInt8 = 0
    /// The replay ended at an entry that cannot follow.
    var isBroken = false

    /// Its change.
    var id: UInt8 = 0
    var from: UInt8 = 0
    var to: UInt8 = 0
    var object: UInt8 = 0
    var uploadedAt: UInt8 = 0
    var removes = Bits()
    var horizon: UInt8 = 0
    /// The version that it puts.
    var version: UInt8 = 0
    /// The head is new enough that a refusal counts.
    var isFresh = false
    /// A put may have had its version, although the answer did not say so, or may still have it.
    var isAmbiguous = false
    /// The boundary overtook a version that a put had or may have had: whether it counted cannot be known any more.
    var isInDoubt = false
    /// What it is about to delete: objects or log slots.
    var doomed = Bits()
    /// Changes that it reported as not committed, by number.
    var failed = Bits()

    /// Forgets what no later step looks at, so that worlds that differ only in it are one.
    mutating func forgetChange() {
        var fresh = Agent()
        (fresh.role, fresh.step, fresh.number, fresh.batch) = (role, step, number, batch)
        (fresh.changesLeft, fresh.collectionsLeft, fresh.failed) = (changesLeft, collectionsLeft, failed)
        if step != .done { fresh.head = head }
        self = fresh
    }

    var addsObject: Bool { role != .collector }

    var entry: Entry {
        Entry(
            id: id, parent: head.id, from: from, to: to, adds: addsObject ? object + 1 : 0, removes: removes,
            horizon: horizon)
    }
}

extension Agent {
    /// Reads the log anew, with no hint to begin from: the worst that a stale or lost hint does.
    mutating func load(then goal: Goal) {
        self.goal = goal
        (fresh, base, isBroken) = (Head(), 0, false)
        step = .replay
    }

    /// Reads what is new since the head.
    mutating func catchUp(then goal: Goal) {
        self.goal = goal
        (fresh, base, isBroken) = (head, head.version, false)
        step = .replay
    }
}
