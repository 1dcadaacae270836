import LakeModel
import Maintenance

extension Settings {
    /// What becomes of a table's objects as they grow old.
    struct Lifecycle: Decodable, Sendable {
        var rules: [Rule]
        var holds: [Hold]
        var archive: Archive

        var policy: LifecyclePolicy {
            LifecyclePolicy(rules: rules.map(\.rule), holds: holds.map(\.hold), archive: archive.rule)
        }

        var isEmpty: Bool { rules.isEmpty && archive.rule == nil }
    }
}

extension Settings.Lifecycle {
    struct Rule: Decodable, Sendable {
        enum Deed: String, Decodable { case expire, tier, recompress }

        var name: String
        var deed: Deed
        var after: TimeSetting
        var sides: [TableSide]
        var tags: [String]
        var bytesMin: ByteSize
        var bytesMax: ByteSize
        var storageClass: String?
        var level: Int32

        enum CodingKeys: String, CodingKey {
            case name
            case deed = "do"
            case after, sides, tags
            case bytesMin = "min_bytes"
            case bytesMax = "max_bytes"
            case storageClass = "storage_class"
            case level
        }

        var rule: LifecycleRule {
            let action: LifecycleRule.Action =
                switch deed {
                case .expire: .expire
                case .tier: .tier(storageClass: storageClass ?? "STANDARD_IA")
                case .recompress: .recompress(level: level)
                }
            return LifecycleRule(
                name: name, action: action, after: after.duration,
                sides: sides.isEmpty ? Set(TableSide.allCases) : Set(sides), tags: Set(tags),
                bytesMin: Int64(bytesMin.bytes), bytesMax: Int64(bytesMax.bytes))
        }
    }

    /// Another lake that takes copies.
    struct Archive: Decodable, Sendable {
        var to: String?
        /// Path of a configuration that names the lake.
        var config: String?
        var after: TimeSetting
        var sides: [TableSide]
        var tags: [String]
        var bytesMin: ByteSize
        var storageClass: String?

        enum CodingKeys: String, CodingKey {
            case to, config, after, sides, tags
            case bytesMin = "min_bytes"
            case storageClass = "storage_class"
        }

        var rule: LifecycleRule? {
            guard to != nil || config != nil else { return nil }
            return LifecycleRule(
                name: "archive", action: .archive, after: after.duration,
                sides: sides.isEmpty ? Set(TableSide.allCases) : Set(sides), tags: Set(tags),
                bytesMin: Int64(bytesMin.bytes))
        }
    }

    struct Hold: Decodable, Sendable {
        var name: String
        var tags: [String]
        var from: String?
        var to: String?

        var hold: LegalHold {
            LegalHold(
                name: name, tags: tags, firstHour: from.flatMap { LakeHour($0) },
                lastHour: to.flatMap { LakeHour($0) }?.lastHour)
        }
    }
}
