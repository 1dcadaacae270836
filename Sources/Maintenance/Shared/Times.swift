extension Duration {
    /// A number of days of 24 hours.
    static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }
}
