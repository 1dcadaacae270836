/// Which actors' moves have to be tried in a world.
///
/// A request that no other actor's present or later move can change, and that changes nothing that others see, may be
/// made at once: every history has one that ends the same and makes it now (a partial-order reduction with ample sets
/// of one actor; such requests make progress, so no cycle consists of them alone).
enum Independence {
    static func actors(in world: World) -> Range<Int> {
        for index in world.agents.indices where isFree(index, world) { return index..<index + 1 }
        return 0..<5
    }

    private static func isFree(_ index: Int, _ world: World) -> Bool {
        let agent = world.agents[index]
        // Only the collector moves the boundary and deletes entries; a slot that is filled stays as it is without it.
        let readsAlone = agent.role == .collector || !mayCollect(world)
        return switch agent.step {
        case .replay: readsAlone && world.slot(agent.fresh.version + 1).id != 0
        case .readBack: readsAlone && world.slot(agent.version).id != 0
        case .confirm, .settle: readsAlone
        case .upload: !mayVacuum(world)
        default: false
        }
    }

    private static func mayCollect(_ world: World) -> Bool {
        let collector = world.agents[World.collector]
        if collector.collectionsLeft > 0 { return true }
        return switch collector.step {
        case .replay, .confirm: collector.goal == .collect
        case .advanceBoundary, .deleteEntries: true
        default: false
        }
    }

    private static func mayVacuum(_ world: World) -> Bool {
        let collector = world.agents[World.collector]
        return collector.changesLeft > 0 || collector.horizon > 0
    }
}
