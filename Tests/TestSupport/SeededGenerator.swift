import LakeModel

/// The same seed gives the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var base: SplitMix

    public init(seed: UInt64) {
        self.seed = seed
        base = SplitMix(seed: seed)
    }

    public mutating func next() -> UInt64 { base.next() }

    /// A generator of its own for one part of a simulation, so that parts do not shift each other's numbers.
    public mutating func fork() -> SeededGenerator {
        SeededGenerator(seed: next())
    }

    /// True with this probability, 0 to 1.
    public mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }
}
