/// What a user may tune in the catalog; every default is written here and nowhere else.
public struct CatalogOptions: Hashable, Sendable {
    /// A checkpoint is written after each commit whose version is a multiple of this; 0 for never.
    public var checkpointEvery: Int64 = 32
    /// Objects in one manifest: about 2 MB of NDJSON, 150 KB compressed.
    public var manifestEntriesMax = 5000
    /// Decoded manifest entries that a table and its snapshots keep for the next query.
    public var manifestCacheEntriesMax = 20_000
    /// Versions that one commit may try before it gives up with `.contention`.
    public var attemptsMax = 200
    /// Loads of the table that are begun again because the boundary moved meanwhile.
    public var reloadsMax = 8
    /// How long an ambiguous commit is retried before it is `.unsettled`.
    public var settleWithin: Duration = .seconds(60)
    /// First and longest pause between attempts; each is drawn at random from zero up.
    public var backoffBase: Duration = .milliseconds(10)
    public var backoffMax: Duration = .seconds(2)
    /// Log entries that are fetched at once while replaying.
    public var replayWindowMax = 16
    /// Commits since the last checkpoint beyond which a commit insists on writing one first.
    public var tailCommitsMax = 4096
    /// Bytes of one log entry, one checkpoint list, one manifest (decompressed).
    public var entryBytesMax = 64 << 20
    public var listBytesMax = 256 << 20
    public var manifestBytesMax = 64 << 20
    /// zstd level of checkpoints.
    public var compressionLevel: Int32 = 3
    /// Reads each log entry back after the store reported success: for stores whose conditions cannot be trusted.
    public var paranoid = false

    public init() {}
}
