/// What bounds the console: how much it keeps, and how often it asks the store. Defaults are written here only.
public struct ConsoleOptions: Sendable {
    /// How long after one look at the lake's tables the next may begin; nobody looking, nothing is asked.
    public var refreshEvery: Duration = .seconds(10)
    /// How long the list of tables is believed.
    public var listEvery: Duration = .seconds(60)
    /// After the last request this long, the lake is left alone.
    public var idleAfter: Duration = .seconds(60)
    /// Tables beyond this are counted and not shown.
    public var tablesMax = 1000
    public var refreshesAtOnce = 4
    /// Objects below this are small, in bytes.
    public var smallBytesMax: Int64 = 32 << 20
    /// Hourly sums kept for the whole lake, about 150 bytes each.
    public var rollupsMax = 200_000
    /// Commit summaries kept for each table.
    public var commitsMax = 512
    /// How long one request may read manifests before it answers with what is known.
    public var readWithin: Duration = .milliseconds(250)
    /// A pause in proportion to the time spent summing in the background: 1 takes half of a core at most, 3 a quarter.
    public var pauseFactor = 1
    /// A table whose newest event is older needs a look.
    public var staleAfter: Duration = .seconds(900)

    public init() {}
}
