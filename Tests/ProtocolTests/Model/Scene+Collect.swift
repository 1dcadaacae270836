// The compactor's and the collector's own requests: Table+Collect and vacuum.
extension Scene {
    /// A compactor looks at the table. A collector begins a vacuum or, where none is left, a collection of the log.
    mutating func leaveIdle(_ index: Int) -> Bool {
        var agent = world.agents[index]
        if agent.role == .compactor {
            guard agent.changesLeft > 0 else { return false }
            agent.catchUp(then: .nextChange)
            world.agents[index] = agent
            return replay(index)
        }
        if agent.changesLeft > 0 {
            beginVacuum(index)
            return true
        }
        guard agent.collectionsLeft > 0 else { return false }
        agent.collectionsLeft -= 1
        agent.catchUp(then: .collect)
        world.agents[index] = agent
        return replay(index)
    }

    /// The horizon is now: whatever was uploaded before and is not in the table is dead once the commit counts.
    private mutating func beginVacuum(_ index: Int) {
        var agent = world.agents[index]
        start(&agent, index)
        world.now += 1
        agent.horizon = world.now
        world.agents[index] = agent
        tell("begins a vacuum with horizon \(agent.horizon)")
        guard !rules.lacks(.vacuumWithoutCommit) else {
            world.agents[index].step = .listObjects
            return
        }
        prepare(index)
    }

    mutating func listObjects(_ index: Int) -> Bool {
        var agent = world.agents[index]
        var doomed = Bits()
        for object in 0..<UInt8(World.objects) {
            let stored = world.objects[Int(object)]
            let isOld = stored.isPresent && stored.uploadedAt < agent.horizon
            if isOld, !agent.head.live.has(object) { doomed.insert(object) }
        }
        tell("lists the data and finds dead: \(doomed.text)")
        agent.doomed = doomed
        agent.step = doomed.isEmpty ? .idle : .deleteObjects
        world.agents[index] = agent
        return true
    }

    /// Choices: 0…7 that object; 8 stops, which differs from never going on where there is more to do after.
    mutating func deleteObject(_ index: Int, _ choice: Int) -> Bool {
        let object = UInt8(choice)
        guard choice < 8 else {
            guard hasMoreRounds(index) else { return false }
            world.agents[index].doomed = Bits()
            world.agents[index].step = .idle
            return true
        }
        guard world.agents[index].doomed.has(object) else { return false }
        tell("deletes object \(object)")
        world.objects[choice].isPresent = false
        world.agents[index].doomed.remove(object)
        if world.agents[index].doomed.isEmpty { world.agents[index].step = .idle }
        return true
    }

    /// Entry `boundary + 1` must exist, so the newest entry stays.
    mutating func chooseBoundary(_ index: Int) {
        var agent = world.agents[index]
        let keeps: UInt8 = rules.boundaryReachesNewest ? 0 : 1
        agent.version = agent.head.version - min(keeps, agent.head.version)
        agent.step = agent.version > world.boundary ? .advanceBoundary : .idle
        world.agents[index] = agent
        if agent.step == .advanceBoundary, rules.lacks(.deletesBeforeBoundary) { doom(index) }
    }

    mutating func advanceBoundary(_ index: Int) -> Bool {
        let agent = world.agents[index]
        tell("moves the boundary to \(agent.version), with checkpoint \(agent.head.version)")
        world.boundary = agent.version
        world.checkpoint = agent.head
        if rules.lacks(.deletesBeforeBoundary) {
            world.agents[index].step = .idle
        } else {
            doom(index)
        }
        return true
    }

    private mutating func doom(_ index: Int) {
        var agent = world.agents[index]
        agent.doomed = Bits()
        for version in 1...max(1, agent.version) where world.slot(version).id != 0 { agent.doomed.insert(version - 1) }
        agent.step = agent.doomed.isEmpty ? .idle : .deleteEntries
        world.agents[index] = agent
    }

    private func hasMoreRounds(_ index: Int) -> Bool {
        let agent = world.agents[index]
        return agent.changesLeft + agent.collectionsLeft > 0 || rules.lacks(.deletesBeforeBoundary)
    }

    /// Choices: 0…7 that slot, 8 stops.
    mutating func deleteEntry(_ index: Int, _ choice: Int) -> Bool {
        let slot = UInt8(choice)
        guard choice == 8 ? hasMoreRounds(index) : world.agents[index].doomed.has(slot) else { return false }
        if choice < 8 {
            tell("deletes entry \(choice + 1)")
            world.log[choice] = Entry()
            world.agents[index].doomed.remove(slot)
        } else {
            world.agents[index].doomed = Bits()
        }
        if world.agents[index].doomed.isEmpty {
            world.agents[index].step = rules.lacks(.deletesBeforeBoundary) ? .advanceBoundary : .idle
        }
        return true
    }
}
