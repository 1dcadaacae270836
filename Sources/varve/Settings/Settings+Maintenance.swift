import LakeModel
import Maintenance

extension Settings {
    /// How `varve compact` treats a table.
    struct Compact: Decodable, Sendable {
        enum Keep: String, Decodable {
            case all
            case lastOfKey = "last_of_key"
        }

        var target: ByteSize
        var coldAfter: TimeSetting
        var order: RowOrder
        var level: Int32
        var format: Format
        var keep: Keep

        enum Format: String, Decodable {
            case keep, envelope, parquet

            var dataFormat: DataFormat? { DataFormat(rawValue: rawValue) }
        }

        enum CodingKeys: String, CodingKey {
            case target
            case coldAfter = "cold_after"
            case order, level, format, keep
        }

        var policy: CompactionPolicy {
            var policy = CompactionPolicy()
            policy.targetBytes = Int64(target.bytes)
            policy.coldAfterMilliseconds = Int64(coldAfter.milliseconds)
            (policy.order, policy.level, policy.format) = (order, level, format.dataFormat)
            policy.keepsLastOfKey = keep == .lastOfKey
            return policy
        }
    }

    /// How long `varve vacuum` leaves a table's things alone.
    struct Vacuum: Decodable, Sendable {
        var removedAfter: TimeSetting
        var erasedAfter: TimeSetting
        var orphansAfter: TimeSetting
        var uploadsAfter: TimeSetting
        var logAfter: TimeSetting

        enum CodingKeys: String, CodingKey {
            case removedAfter = "removed_after"
            case erasedAfter = "erased_after"
            case orphansAfter = "orphans_after"
            case uploadsAfter = "uploads_after"
            case logAfter = "log_after"
        }

        var policy: VacuumPolicy {
            var policy = VacuumPolicy()
            (policy.removedAfter, policy.erasedAfter) = (removedAfter.duration, erasedAfter.duration)
            (policy.orphansAfter, policy.uploadsAfter) = (orphansAfter.duration, uploadsAfter.duration)
            policy.logAfter = logAfter.duration
            return policy
        }
    }

    /// How erasures are signed.
    struct Erasure: Decodable, Sendable {
        /// A secret: `ed25519:BASE64` or `hmac-sha256:BASE64`.
        var signingKey: String?

        var key: CertificateKey? { signingKey.flatMap { CertificateKey($0) } }

        enum CodingKeys: String, CodingKey {
            case signingKey = "signing_key"
        }
    }
}
