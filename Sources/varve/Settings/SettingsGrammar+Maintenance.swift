import Maintenance

extension SettingsGrammar {
    static let compact: [SettingKey] = [
        SettingKey(
            "target", .bytes((1 << 20)...(4 << 30)), fallback: "256MiB",
            "Compressed size that merged objects aim at. Objects of three quarters of it are left as they are."),
        SettingKey(
            "cold_after", .duration(0...31_536_000_000), fallback: "1d",
            "An hour that was not declared complete is taken on once nothing came for this long."),
        SettingKey(
            "order", .choice(["offset", "event_time", "input"]), fallback: "offset",
            "How events are sorted: by topic, partition and offset; by Kafka's timestamp; or not at all."),
        SettingKey("level", .integer(1...22), fallback: "3", "zstd's level of merged objects."),
        SettingKey(
            "format", .choice(["keep", "envelope", "parquet"]), fallback: "keep",
            "The format of merged objects. Parquet has the columns of the table's `schema`, where there is one; raw "
                + "objects are taken apart by it then."),
        SettingKey(
            "keep", .choice(["all", "last_of_key"]), fallback: "all",
            "Whether all events are kept, or of those of one key only the last in each hour and shard."),
    ]

    static let vacuum: [SettingKey] = [
        SettingKey(
            "removed_after", .duration(0...31_536_000_000), fallback: "7d",
            "How long removed objects stay. Longer than any query or copy of an older snapshot takes."),
        SettingKey(
            "erased_after", .duration(0...31_536_000_000), fallback: "1d",
            "The same for objects that held erased events."),
        SettingKey(
            "orphans_after", .duration(60_000...31_536_000_000), fallback: "3d",
            "How old an object has to be that no commit added. Writers redo what is older when they commit."),
        SettingKey(
            "uploads_after", .duration(60_000...31_536_000_000), fallback: "3d",
            "How old an unfinished multipart upload has to be. Longer than `rotate.age`, as objects upload while they "
                + "grow."),
        SettingKey(
            "log_after", .duration(0...315_360_000_000), fallback: "30d",
            "How long log entries are kept, for time travel and audits."),
    ]

    static let erasure: [SettingKey] = [
        SettingKey(
            "signing_key",
            .text(expecting: "ed25519: or hmac-sha256: and a key in base64") { CertificateKey($0)?.canSign == true },
            secret: true,
            "What certificates are signed with: `ed25519:` and 32 bytes in base64, or `hmac-sha256:` and at least 16. "
                + "Write it as ${NAME} or ${file:/path}.")
    ]
}
