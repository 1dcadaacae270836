// How the log is read: LogReader.replay, Table.load and Table.accept.
extension Scene {
    mutating func replay(_ index: Int) -> Bool {
        let next = world.agents[index].fresh.version + 1
        let entry = world.slot(next)
        guard entry.id != 0 else {
            tell("reads the log and finds no entry \(next)")
            world.agents[index].step = .confirm
            if rules.lacks(.boundaryNotReadAfterReplay) { accept(index) }
            return true
        }
        tell("reads entry \(next)")
        advance(index, entry)
        return true
    }

    mutating func advance(_ index: Int, _ entry: Entry) {
        var agent = world.agents[index]
        if agent.fresh.apply(entry, checksOffsets: !rules.lacks(.noOffsetCheck)) != nil {
            tell("which cannot follow")
            agent.isBroken = true
            agent.step = .confirm
        }
        world.agents[index] = agent
        if agent.isBroken, rules.lacks(.boundaryNotReadAfterReplay) { accept(index) }
    }

    /// Compares the boundary after a replay: what was read at or below it proves nothing.
    mutating func confirm(_ index: Int) -> Bool {
        let agent = world.agents[index]
        let boundary = world.boundary
        tell("reads boundary \(boundary)")
        guard boundary > agent.base else {
            accept(index)
            return true
        }
        if agent.isBroken { coverage.note(.brokenExplained) }
        if agent.isAmbiguous { world.agents[index].isInDoubt = true }
        let checkpoint = world.checkpoint
        tell("begins again from checkpoint \(checkpoint.version)")
        world.agents[index].fresh = checkpoint
        world.agents[index].base = checkpoint.version
        world.agents[index].isBroken = false
        world.agents[index].step = .replay
        return true
    }

    private mutating func accept(_ index: Int) {
        guard !world.agents[index].isBroken else { return violate("it takes the log for damaged") }
        let head = world.agents[index].fresh
        world.agents[index].head = head
        world.agents[index].isFresh = true
        (world.agents[index].fresh, world.agents[index].base) = (Head(), 0)
        world.agents[index].isAmbiguous = false
        tell("is at version \(head.version)")
        checkBelief(head)
        switch world.agents[index].goal {
        case .retry: prepare(index)
        case .nextChange: beginChange(index)
        case .collect: chooseBoundary(index)
        }
    }
}
