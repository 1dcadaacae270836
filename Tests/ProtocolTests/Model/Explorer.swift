/// Visits every world that the bounds allow, breadth first, and stops at the first broken invariant.
struct Explorer {
    struct Result {
        /// Different worlds visited.
        var states = 0
        /// Moves made, those to worlds known already among them.
        var moves = 0
        /// The longest shortest way to a world.
        var depth = 0
        var coverage = Coverage()
        var violation: String?
        /// The shortest way to the violation, one line per move.
        var trace: [String] = []
    }

    var bounds: Bounds
    var rules = Rules()
    /// More worlds than this end the search, which then proves nothing.
    var statesMax = 20_000_000

    private struct Move {
        var parent: UInt32
        var actor: UInt8
        var choice: UInt8
    }

    func run() -> Result {
        var result = Result()
        let first = World(bounds)
        var seen: Set<Fingerprint> = [Fingerprint(first)]
        var moves = [Move(parent: .max, actor: 0, choice: 0)]
        var frontier = [(world: first, index: UInt32(0))]
        while !frontier.isEmpty {
            var next: [(world: World, index: UInt32)] = []
            for (world, index) in frontier {
                for actor in Independence.actors(in: world) {
                    for choice in 0..<Scene(world: world, rules: rules).choices(actor) {
                        var scene = Scene(world: world, rules: rules)
                        guard scene.perform(actor, choice: choice) else { continue }
                        result.moves += 1
                        result.coverage.raw |= scene.coverage.raw
                        let move = Move(parent: index, actor: UInt8(actor), choice: UInt8(choice))
                        if let violation = scene.violation {
                            result.violation = violation
                            result.trace = trace(to: move, moves)
                            result.states = seen.count
                            return result
                        }
                        guard seen.insert(Fingerprint(scene.world)).inserted else { continue }
                        next.append((scene.world, UInt32(moves.count)))
                        moves.append(move)
                    }
                }
            }
            frontier = next
            if !frontier.isEmpty { result.depth += 1 }
            guard seen.count <= statesMax else {
                result.violation = "more than \(statesMax) states"
                break
            }
        }
        result.states = seen.count
        return result
    }

    /// Makes the moves again, and tells them.
    private func trace(to last: Move, _ moves: [Move]) -> [String] {
        var path = [last]
        while path[path.count - 1].parent != 0 { path.append(moves[Int(path[path.count - 1].parent)]) }
        var world = World(bounds)
        var lines: [String] = []
        for move in path.reversed() {
            var scene = Scene(world: world, rules: rules, isTold: true)
            _ = scene.perform(Int(move.actor), choice: Int(move.choice))
            let who = move.actor < 4 ? Scene.names[Int(move.actor)] : "network"
            lines.append("\(who): \(scene.story)")
            if let violation = scene.violation { lines.append("=> \(violation)") }
            world = scene.world
        }
        return lines
    }
}

/// 128 bits that stand for a world. Among ten million worlds two with the same have a chance below 10^-24.
struct Fingerprint: Hashable {
    private var high: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var low: UInt64 = 0xD1B5_4A32_D192_ED03

    init(_ world: World) {
        withUnsafeBytes(of: world) { bytes in
            var index = 0
            while index < bytes.count {
                var word: UInt64 = 0
                if index + 8 <= bytes.count {
                    word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                } else {
                    for rest in index..<bytes.count { word = word << 8 | UInt64(bytes[rest]) }
                }
                high = mix(high ^ word)
                low = mix(low &+ word &* 0x2545_F491_4F6C_DD1D)
                index += 8
            }
        }
    }

    private func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(high) }
}
