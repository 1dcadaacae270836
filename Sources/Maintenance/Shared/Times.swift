import LakeModel

extension Duration {
    /// Whole milliseconds, cut off; a policy's spans are far from the limits of 64 bits.
    var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000_000_000
    }

    /// A number of days of 24 hours.
    static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
}

extension Timestamp {
    /// This time moved back by a span; saturates.
    func before(_ span: Duration) -> Timestamp {
        let milliseconds = span.inMilliseconds
        return advanced(byMilliseconds: milliseconds == .min ? .max : -milliseconds)
    }
}
