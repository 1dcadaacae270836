/// Rows of a row group: ranges in ascending order, none empty, none touching another.
struct RowSelection {
    private(set) var ranges: [Range<Int64>]

    init(all rowCount: Int64) {
        ranges = rowCount > 0 ? [0..<rowCount] : []
    }

    /// Keeps what is in `kept` too, whose ranges are in ascending order.
    mutating func formIntersection(_ kept: [Range<Int64>]) {
        var result: [Range<Int64>] = []
        var (left, right) = (0, 0)
        while left < ranges.count, right < kept.count {
            let both = ranges[left].clamped(to: kept[right])
            if !both.isEmpty {
                if let last = result.last, last.upperBound == both.lowerBound {
                    result[result.count - 1] = last.lowerBound..<both.upperBound
                } else {
                    result.append(both)
                }
            }
            if ranges[left].upperBound < kept[right].upperBound { left += 1 } else { right += 1 }
        }
        ranges = result
    }
}
