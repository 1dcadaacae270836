import LakeModel

/// Where an event goes: events of one lane share an open object.
///
/// Late events have lanes of their own, so that they never make other objects rotate or grow out of order.
struct LaneKey: Hashable, Sendable {
    var side: TableSide
    var partition: PartitionPath
    var isLate: Bool
}

/// The lanes of one hour of one table, an open object or none for each shard.
///
/// Consecutive events nearly always fall into the hour of the one before, so the router keeps the last hour at hand and
/// compares two integers instead of hashing a key.
final class HourLanes {
    let hour: LakeHour
    let side: TableSide
    let isLate: Bool
    /// Milliseconds since 1970: the hour's first, and the first after it.
    let start: Int64
    let end: Int64
    var objects: [OpenObject?]

    init(hour: LakeHour, side: TableSide, isLate: Bool, start: Int64, end: Int64, shards: Int) {
        (self.hour, self.side, self.isLate, self.start, self.end) = (hour, side, isLate, start, end)
        objects = Array(repeating: nil, count: shards)
    }

    var isEmpty: Bool { objects.allSatisfy { $0 == nil } }

    func key(shard: Int) -> LaneKey {
        LaneKey(
            side: side, partition: PartitionPath(date: hour.date, hour: hour.hour, shard: UInt16(shard)),
            isLate: isLate)
    }
}
