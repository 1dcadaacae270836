// How a change is committed: Table+Commit, Table+Settle and CommitRules, one request at a time.
extension Scene {
    /// Takes up the next change, or ends.
    mutating func beginChange(_ index: Int) {
        var agent = world.agents[index]
        let isWriter = agent.role == .writer
        agent.step = .idle
        agent.forgetChange()
        if isWriter { agent.step = .done }
        defer { world.agents[index] = agent }
        guard agent.role != .collector, agent.changesLeft > 0 else { return }
        guard isWriter ? agent.head.next < world.events : !agent.head.live.isEmpty else { return }
        start(&agent, index)
        agent.object = index == World.compactor ? 5 + agent.number : UInt8(index * 3) + agent.number - 1
        agent.step = .upload
        if isWriter {
            (agent.from, agent.to) = (agent.head.next, min(agent.head.next + agent.batch, world.events))
        } else {
            agent.removes = agent.head.live
        }
    }

    func start(_ agent: inout Agent, _ index: Int) {
        agent.number += 1
        agent.changesLeft -= 1
        agent.id = UInt8(index * 4) + agent.number
    }

    mutating func upload(_ index: Int) -> Bool {
        var agent = world.agents[index]
        var events = Bits.range(agent.from, agent.to)
        for input in 0..<World.objects where agent.removes.has(UInt8(input)) {
            guard world.objects[input].isPresent else {
                tell("finds input \(input) deleted and gives up")
                agent.catchUp(then: .nextChange)
                world.agents[index] = agent
                return true
            }
            events = events.joined(world.objects[input].events)
        }
        let object = StoredObject(isPresent: true, uploadedAt: world.now, events: events)
        world.objects[Int(agent.object)] = object
        world.agents[index].uploadedAt = world.now
        tell("uploads object \(agent.object) with events \(events.text)")
        prepare(index)
        return true
    }

    /// Checks the change against the head; a refusal counts only against a fresh one.
    mutating func prepare(_ index: Int) {
        guard let refusal = refusal(of: world.agents[index]) else {
            let version = world.agents[index].head.version + 1
            world.agents[index].version = version
            world.agents[index].step = version <= World.slots ? .put : .done
            return
        }
        guard world.agents[index].isFresh else { return world.agents[index].catchUp(then: .retry) }
        coverage.note(refusal)
        fail(index)
        beginChange(index)
    }

    private func refusal(of agent: Agent) -> Coverage.Happening? {
        if agent.to > agent.from, agent.from != agent.head.next, !rules.lacks(.noOffsetCheck) {
            return .offsetsRefused
        }
        if agent.addsObject, agent.uploadedAt < agent.head.horizon, !rules.lacks(.noHorizonCheck) {
            return .staleRefused
        }
        if !agent.head.live.contains(all: agent.removes), !rules.lacks(.noRemovalCheck) { return .removalRefused }
        return nil
    }

    /// Reports that the change was not committed, or that nobody knows.
    mutating func fail(_ index: Int) {
        guard !world.agents[index].isInDoubt || rules.lacks(.doubtIsFailure) else {
            coverage.note(.unsettled)
            return tell("cannot tell whether it committed")
        }
        tell("reports that it did not commit")
        let agent = world.agents[index]
        checkFailed(agent.id)
        if agent.role == .compactor {
            tell("discards object \(agent.object)")
            world.objects[Int(agent.object)].isPresent = false
        }
        // Only a put that is still under way can make a liar of it.
        for flight in world.inFlight.indices where world.inFlight[flight].entry.id == agent.id {
            world.agents[index].failed.insert(agent.number)
        }
    }

    /// Gives up a change whose outcome is open; the table is read anew before the next one.
    mutating func leaveUnsettled(_ index: Int) {
        coverage.note(.unsettled)
        tell("gives up, with the outcome open")
        world.agents[index].load(then: .nextChange)
    }

    /// Choices: 0 the network is fine, 1 the answer is lost, 2 the put is delayed, 3 the transport tries again and
    /// meets its own entry, 4 the deadline is over.
    mutating func put(_ index: Int, _ choice: Int) -> Bool {
        let agent = world.agents[index]
        let isTaken = world.slot(agent.version).id != 0
        switch choice {
        case 0:
            tell("puts entry \(agent.version), which \(isTaken ? "is taken" : "succeeds")")
            if isTaken {
                conflict(index)
            } else {
                store(agent.entry, at: agent.version)
                won(index)
            }
        case 4:
            guard agent.isAmbiguous else { return false }
            leaveUnsettled(index)
        default:
            guard world.faultsLeft > 0, !isTaken else { return false }
            world.faultsLeft -= 1
            spoiledPut(index, choice)
        }
        return true
    }

    private mutating func spoiledPut(_ index: Int, _ choice: Int) {
        let agent = world.agents[index]
        if choice == 2 {
            tell("puts entry \(agent.version); the request is delayed and the answer never comes")
            let place = world.inFlight[0].version == 0 ? 0 : 1
            world.inFlight[place] = InFlight(version: agent.version, entry: agent.entry)
        } else {
            tell("puts entry \(agent.version); \(choice == 1 ? "the answer is lost" : "its retry meets itself")")
            store(agent.entry, at: agent.version)
        }
        world.agents[index].isAmbiguous = true
        guard choice != 3 else {
            coverage.note(.ownConflict)
            return conflict(index)
        }
        world.agents[index].step = .readBack
        if rules.lacks(.ambiguousIsSuccess) { won(index) }
        if rules.lacks(.ambiguousIsFailure) { abandon(index) }
    }

    private mutating func conflict(_ index: Int) {
        world.agents[index].step = .readBack
        if rules.lacks(.conflictIsFailure) { abandon(index) }
        if rules.lacks(.conflictIsSuccess) { won(index) }
    }

    /// What a mutant does that takes an unclear answer for a failure.
    private mutating func abandon(_ index: Int) {
        fail(index)
        world.agents[index].catchUp(then: .nextChange)
    }

    mutating func readBack(_ index: Int, _ choice: Int) -> Bool {
        let agent = world.agents[index]
        guard choice == 0 else {
            guard agent.isAmbiguous else { return false }
            leaveUnsettled(index)
            return true
        }
        let found = world.slot(agent.version)
        if found.id == 0 {
            tell("reads entry \(agent.version) back and finds none")
            world.agents[index].step = .put
        } else if found.id == agent.id {
            tell("reads entry \(agent.version) back: its own")
            won(index)
        } else {
            tell("reads entry \(agent.version) back: another's")
            yield(index, to: found)
        }
        return true
    }

    private mutating func yield(_ index: Int, to other: Entry) {
        world.agents[index].catchUp(then: .retry)
        advance(index, other)
    }

    private mutating func won(_ index: Int) {
        world.agents[index].step = .settle
        if rules.lacks(.boundaryNotReadAfterPut) { believe(index) }
    }

    /// Choices: 0 reads the boundary, 1 cannot read it before the deadline.
    mutating func settle(_ index: Int, _ choice: Int) -> Bool {
        let agent = world.agents[index]
        guard choice == 0 else {
            leaveUnsettled(index)
            return true
        }
        let boundary = world.boundary
        tell("reads boundary \(boundary)")
        guard boundary >= agent.version else {
            believe(index)
            return true
        }
        coverage.note(.collectedPast)
        world.agents[index].isInDoubt = true
        world.agents[index].load(then: .retry)
        return true
    }

    private mutating func believe(_ index: Int) {
        var agent = world.agents[index]
        tell("believes that it won version \(agent.version)")
        let isTrue = agent.version <= world.newest && world.truth[Int(agent.version)].id == agent.id
        if !isTrue { violate("it believes that it won version \(agent.version), but did not") }
        _ = agent.head.apply(agent.entry, checksOffsets: false)
        agent.step = .listObjects
        world.agents[index] = agent
        if agent.role != .collector { beginChange(index) }
    }
}
