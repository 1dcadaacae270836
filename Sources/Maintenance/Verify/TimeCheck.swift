import LakeModel

/// Compares the event times of an object with the span that its entry states: readers pass over objects by it.
///
/// Only Kafka's timestamps are looked at. A table may change the rule that its times come from, and entries do not say
/// by which one they were made. So an object is believed to be made by today's rule where one of its events lies
/// exactly at an end of the span; dead letters know no other rule.
struct TimeCheck {
    private let span: TimeSpan
    private var isOfThisRule: Bool
    private var outside: Int64 = 0
    private var first: Timestamp?

    /// Nil where there is nothing to compare.
    init?(_ object: DataObject, timeIsKafka: Bool) {
        let isDeadLetter = object.side == .deadLetter
        guard let span = object.eventTime, timeIsKafka || isDeadLetter else { return nil }
        (self.span, isOfThisRule) = (span, isDeadLetter)
    }

    mutating func add(_ milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        if time == span.min || time == span.max { isOfThisRule = true }
        guard !span.contains(time) else { return }
        outside += 1
        if first == nil { first = time }
    }

    /// What is wrong, in one line.
    var fault: String? {
        guard isOfThisRule, let first else { return nil }
        return "\(outside) of its events lie outside of its event times \(span.min) to \(span.max), the first at "
            + "\(first)"
    }
}
