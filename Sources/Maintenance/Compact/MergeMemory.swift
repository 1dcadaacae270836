import LakeModel

/// What one merge takes of the memory of all, and how much of that its sorter uses.
struct MergeMemory: Hashable {
    /// What a sorter takes at a time where a merge's lines do not fit its share.
    private static let runBytes: Int64 = 64 << 20
    /// Of a sorter, for each line beside the line itself.
    private static let entryBytes = Int64(RowSorter.entryBytes)

    /// Lines that are sorted at a time: all of them, where they fit.
    let sortBytesMax: Int
    let bytes: Int64

    /// - `share`: what the merge may take, if it can do with so much.
    /// - `limit`: lines that are sorted at a time at most.
    init(_ group: CompactionGroup, keepsLastOfKey: Bool, share: Int64, limit: Int?) {
        let keys = keepsLastOfKey ? group.records &* 48 : 0
        // A row group being read, and one being made with the rows before it.
        let columns = Int64([group.format, group.outputFormat].count { $0 == .parquet }) << 26
        let (fixed, lines) = ((40 << 20) &+ columns &+ keys, group.uncompressedBytes)
        let whole = lines &+ min(group.records, share / Self.entryBytes) &* Self.entryBytes
        // How long the lines are that columns become is not known before.
        if group.format != .parquet, whole <= share &- fixed, lines <= limit.map(Int64.init) ?? .max {
            (sortBytesMax, bytes) = (Int(clamping: lines), fixed &+ whole)
        } else {
            let most = limit.map(Int64.init) ?? min(Self.runBytes, share / 2)
            let sorted = group.format == .parquet ? most : min(lines, most)
            // The stretches wait compressed, at level 1, which takes more than they took before.
            let waiting = lines > sorted || group.format == .parquet ? group.bytes &+ group.bytes / 2 : 0
            (sortBytesMax, bytes) = (Int(clamping: sorted), fixed &+ sorted &+ sorted / 4 &+ waiting)
        }
    }
}
