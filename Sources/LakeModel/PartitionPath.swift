/// A partition of a lake table: the values (date, hour, shard) that its objects share.
public struct PartitionPath: Hashable, Sendable, Codable {
    public var date: CalendarDay
    /// 0–23; nil in a table partitioned by day.
    public var hour: UInt8?
    public var shard: UInt16

    public init(date: CalendarDay, hour: UInt8?, shard: UInt16) {
        self.date = date
        self.hour = hour
        self.shard = shard
    }

    /// `date=2026-11-21/hour=05`, the folder that holds every shard of one hour (or of one day).
    public var hourPath: String {
        guard let hour else { return "date=\(date)" }
        return "date=\(date)/hour=\(padded(hour, 2))"
    }
}

extension PartitionPath: CustomStringConvertible {
    /// `date=2026-11-21/hour=05/shard=0003`, Hive-style, as it stands in object keys.
    public var description: String { "\(hourPath)/shard=\(padded(shard, 4))" }
}

extension PartitionPath: Comparable {
    public static func < (a: PartitionPath, b: PartitionPath) -> Bool {
        (a.date.daysSinceEpoch, a.hour ?? 0, a.shard) < (b.date.daysSinceEpoch, b.hour ?? 0, b.shard)
    }
}

/// An hour (or, in a table partitioned by day, a day) of a table: the unit that is declared complete.
public struct LakeHour: Hashable, Sendable, Codable {
    public var date: CalendarDay
    public var hour: UInt8?

    public init(date: CalendarDay, hour: UInt8?) {
        self.date = date
        self.hour = hour
    }

    public init(_ path: PartitionPath) {
        self.init(date: path.date, hour: path.hour)
    }

    /// The last hour of a day; an hour itself.
    public var lastHour: LakeHour { LakeHour(date: date, hour: hour ?? 23) }
}

extension LakeHour: Comparable, CustomStringConvertible {
    public static func < (a: LakeHour, b: LakeHour) -> Bool {
        (a.date.daysSinceEpoch, a.hour ?? 0) < (b.date.daysSinceEpoch, b.hour ?? 0)
    }

    /// `2026-11-21/05`, the form that the command line takes; `2026-11-21` for a day.
    public var description: String {
        guard let hour else { return "\(date)" }
        return "\(date)/\(padded(hour, 2))"
    }

    /// Reads `2026-11-21/05`, `2026-11-21T05` or `2026-11-21`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let date = CalendarDay(text.prefix(10)) else { return nil }
        let rest = text.dropFirst(10)
        if rest.isEmpty {
            self.init(date: date, hour: nil)
            return
        }
        guard rest.count == 3, rest.first == "/" || rest.first == "T",
            rest.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }), let hour = UInt8(rest.dropFirst()), hour < 24
        else { return nil }
        self.init(date: date, hour: hour)
    }
}
