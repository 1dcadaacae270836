import Ingest
import LakeModel

/// The consumer group: who reads which topic partition, with all the misunderstandings of the real one.
///
/// A member that is asked for partitions keeps them until it has released them, or until it is evicted for having
/// taken too long. A member that has not polled for the session's length is put out and learns of it when it polls
/// again: until then it is a zombie, and goes on writing what it has.
final class SimulatedGroup {
    private final class Member {
        let source: MemorySource
        var lastPoll: Duration
        var isOut = false
        var releasesSeen = 0
        var asked: [TopicPartition: Duration] = [:]

        init(_ source: MemorySource, at now: Duration) {
            (self.source, lastPoll) = (source, now)
        }
    }

    private let broker: MemoryBroker
    private let time: VirtualTime
    private let session = Duration.seconds(10)
    private let rebalance = Duration.seconds(20)
    private var members: [Int: Member] = [:]
    private var owners: [TopicPartition: Int] = [:]
    /// Moves the partitions around without anyone coming or going.
    private var rotation = 0
    private var coordinatedAt: Duration?
    private(set) var rebalances = 0
    private(set) var evictions = 0

    init(broker: MemoryBroker, time: VirtualTime) {
        (self.broker, self.time) = (broker, time)
    }

    func join(_ id: Int, _ source: MemorySource) { members[id] = Member(source, at: time.elapsed) }

    /// A member that left by itself, or whose connection broke for good.
    func leave(_ id: Int) {
        members[id] = nil
        owners = owners.filter { $0.value != id }
    }

    func reshuffle() { rotation += 1 }

    /// Called right before a member polls.
    func heartbeat(_ id: Int) {
        guard let member = members[id] else { return }
        member.lastPoll = time.elapsed
        guard member.isOut else { return }
        member.isOut = false
        let lost = member.asked.keys.sorted()
        member.asked = [:]
        if !lost.isEmpty { member.source.revoke(lost, lost: true) }
    }

    /// Moves partitions one step towards where they belong.
    func coordinate() {
        let now = time.elapsed
        guard now != coordinatedAt else { return }
        coordinatedAt = now
        for (id, member) in members.sorted(by: { $0.key < $1.key }) {
            takeReleases(id, member)
            guard !member.isOut else { continue }
            let late = member.asked.filter { owners[$0.key] == id && now - $0.value > rebalance }
            if now - member.lastPoll > session || !late.isEmpty { evict(id, member) }
        }
        let active = members.filter { !$0.value.isOut }.keys.sorted()
        guard !active.isEmpty else { return }
        for (index, name) in broker.partitions().enumerated() {
            let wanted = active[(index + rotation) % active.count]
            guard let owner = owners[name] else {
                owners[name] = wanted
                members[wanted]?.source.assign([name])
                rebalances += 1
                continue
            }
            guard owner != wanted, let member = members[owner], member.asked[name] == nil else { continue }
            member.asked[name] = now
            member.source.revoke([name])
        }
    }

    private func takeReleases(_ id: Int, _ member: Member) {
        let released = member.source.released
        for name in released[member.releasesSeen...] where owners[name] == id {
            owners[name] = nil
            member.asked[name] = nil
        }
        member.releasesSeen = released.count
    }

    private func evict(_ id: Int, _ member: Member) {
        evictions += 1
        member.isOut = true
        for name in owners.filter({ $0.value == id }).keys {
            owners[name] = nil
            member.asked[name] = time.elapsed
        }
    }
}
