/// Why an event cannot be placed; written with it to the dead-letter table and counted.
public enum RejectReason: String, Error, Sendable, CaseIterable {
    /// The format needs a JSON payload and this is none.
    case notJSON = "not_json"
    /// Nested deeper than `JSONParser.depthMax`.
    case tooDeep = "too_deep"
    /// No payload at all, in a format of payload lines.
    case tombstone
    /// The time field or header is missing, or the event has no Kafka timestamp.
    case noEventTime = "no_event_time"
    /// There is one, and it is no time in the configured unit.
    case badEventTime = "bad_event_time"
    /// A value does not fit its column, where a shredded table's policy for those is `dead_letter`.
    case misfit
    /// Later than the table allows, where its policy is `dead_letter`.
    case late
}

/// What became of an event that was to be written as a line.
public enum AppendOutcome: Hashable, Sendable {
    case written
    /// The buffer is as it was before.
    case rejected(RejectReason)
}
