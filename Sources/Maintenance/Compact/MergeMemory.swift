import LakeModel

/// What one merge takes of the memory of all, and how much of that its sorter uses.
struct MergeMemory: Hashable {
    /// What is known of a merge before it begins.
    struct Load: Hashable {
        var format: DataFormat
        var outputFormat: DataFormat
        var bytes: Int64 = 0
        var uncompressedBytes: Int64 = 0
        var records: Int64 = 0
    }

    /// What a sorter takes at a time where a merge's lines do not fit its share, and what it takes where even that is
    /// too much for the memory of all.
    private static let runBytes: Int64 = 64 << 20
    static let runBytesLeast: Int64 = 32 << 20
    /// Of a row group being read, or being made with the rows before it.
    private static let columnBytes: Int64 = 64 << 20

    /// Lines that are sorted at a time: all of them, where they fit.
    let sortBytesMax: Int
    let bytes: Int64

    /// - `share`: what the merge may take, if it can do with so much.
    /// - `total`: what all merges may take together; only a merge that cannot do with less takes more.
    /// - `limit`: lines that are sorted at a time at most.
    init(_ load: Load, keepsLastOfKey: Bool, share: Int64, total: Int64, limit: Int?) {
        let keys = keepsLastOfKey ? load.records &* 48 : 0
        let made = load.outputFormat == .parquet ? min(Self.columnBytes, (16 << 20) &+ load.bytes &* 2) : 0
        let read = load.format == .parquet ? min(Self.columnBytes, (16 << 20) &+ load.bytes) : 0
        let (fixed, lines) = ((40 << 20) &+ made &+ read &+ keys, load.uncompressedBytes)
        let entryBytes = Int64(RowSorter.entryBytes)
        let whole = lines &+ min(load.records, share / entryBytes) &* entryBytes
        // How long the lines are that columns become is not known before.
        if load.format != .parquet, whole <= share &- fixed, lines <= limit.map(Int64.init) ?? .max {
            (sortBytesMax, bytes) = (Int(clamping: lines), fixed &+ whole)
        } else {
            // A line of 128 bytes and more takes half of itself beside.
            func sorting(_ lines: Int64) -> Int64 { fixed &+ lines &+ lines / 2 }
            let usual = limit.map(Int64.init) ?? min(Self.runBytes, max(Self.runBytesLeast, share / 2))
            if load.format != .parquet, lines <= usual, sorting(lines) <= total {
                (sortBytesMax, bytes) = (Int(clamping: lines), sorting(lines))
                return
            }
            // The stretches wait compressed, at level 1, which takes more than they took before.
            let waiting = load.bytes &+ load.bytes / 2
            let room = (total &- fixed &- waiting) / 3 &* 2
            let most = limit == nil ? min(usual, max(Self.runBytesLeast, room)) : usual
            let sorted = load.format == .parquet ? most : min(lines, most)
            (sortBytesMax, bytes) = (Int(clamping: sorted), sorting(sorted) &+ waiting)
        }
    }

    /// Whether a merge can do with the memory of all, whatever its share is.
    static func fits(_ load: Load, total: Int64) -> Bool {
        MergeMemory(load, keepsLastOfKey: false, share: 2 * runBytesLeast, total: total, limit: nil).bytes <= total
    }
}

extension MergeMemory.Load {
    init(_ group: CompactionGroup) {
        self.init(
            format: group.format, outputFormat: group.outputFormat, bytes: group.bytes,
            uncompressedBytes: group.uncompressedBytes, records: group.records)
    }
}
