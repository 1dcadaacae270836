public import LakeModel

/// Which objects are merged, and into what; every default is written here and nowhere else.
public struct CompactionPolicy: Hashable, Sendable, Codable {
    /// Size that new objects aim at, compressed: what query engines like to read at a time.
    public var targetBytes: Int64 = 256 << 20
    /// Objects of at least this share of the target are good as they are, in percent.
    public var goodPercent: Int64 = 75
    /// Fewer objects than this are not worth a rewrite.
    public var inputsMin = 2
    /// An object is rewritten only together with others that have at least this share of its size, in percent: a large
    /// object is not written again for each small one that comes late.
    public var newPercent: Int64 = 50
    /// A partition is taken on once its hour is declared complete, or once nothing came for this long.
    public var coldAfterMilliseconds: Int64 = 86_400_000
    public var order = RowOrder.offset
    /// zstd's level of new objects.
    public var level: Int32 = 3
    /// The format of new objects; nil to keep it.
    public var format: DataFormat?
    /// Raw Parquet objects are written anew as shredded ones.
    public var shreds: Bool?
    /// Of several events of one topic partition with the same key keeps only the last, in each partition of the table.
    public var keepsLastOfKey = false
    public var sides = TableSide.allCases
    /// Only these hours; nil for all.
    public var firstHour: LakeHour?
    public var lastHour: LakeHour?
    /// What is left alone.
    public var holds: [LegalHold] = []
    /// Inputs of one rewrite, so that one commit stays small.
    public var inputsMax = 10_000

    public init() {}

    enum CodingKeys: String, CodingKey {
        case targetBytes = "target_bytes"
        case goodPercent = "good_percent"
        case inputsMin = "inputs_min"
        case newPercent = "new_percent"
        case coldAfterMilliseconds = "cold_after_ms"
        case order, level, format, shreds
        case keepsLastOfKey = "keep_last_of_key"
        case sides
        case firstHour = "first_hour"
        case lastHour = "last_hour"
        case holds
        case inputsMax = "inputs_max"
    }

    /// Whether an object that is larger than this is left alone.
    var smallBytesBelow: Int64 { max(1, targetBytes.percent(goodPercent)) }

    func covers(_ hour: LakeHour) -> Bool {
        if let firstHour, hour.lastHour < firstHour { return false }
        if let lastHour, hour > lastHour { return false }
        return true
    }
}

extension Int64 {
    /// A share of a size, cut off; without the overflow that a product of both could have.
    func percent(_ percent: Int64) -> Int64 {
        let (hundreds, rest) = quotientAndRemainder(dividingBy: 100)
        return hundreds &* percent &+ rest &* percent / 100
    }
}
