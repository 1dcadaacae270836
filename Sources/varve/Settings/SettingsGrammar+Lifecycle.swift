import LakeModel

extension SettingsGrammar {
    static let lifecycle: [SettingKey] = [
        SettingKey(
            "rules", .list(.record(lifecycleRule), countMax: 100), fallback: "[]",
            "What to do with objects of which age. Expiry comes before all others, packing before moving; of two "
                + "tiers or two recompressions the one with the greater age counts, of equal ages the last."
        ),
        SettingKey(
            "holds", .list(.record(lifecycleHold), countMax: 1000), fallback: "[]",
            "What no rule and no compaction may touch, for as long as it stands here."),
        SettingKey(
            "archive", .record(archive),
            "Another lake that gets a copy of what is old enough. What it should have expires here only "
                + "once it is there."
        ),
    ]

    private static let archive: [SettingKey] = [
        SettingKey("to", .lakeURL, "The lake that takes the copies, reached as this one is."),
        SettingKey("config", .filePath, "A configuration that names the lake, where it is reached otherwise."),
        SettingKey(
            "after", .duration(0...3_153_600_000_000), fallback: "30d",
            "The age of an object's newest event, by event time. Later than events still come in and small objects are "
                + "merged, so that nothing is copied twice."),
        SettingKey(
            "sides", .list(.choice(["main", "late", "dead_letter"]), countMax: 3), fallback: "[]",
            "Only these sides of the table; by default all."),
        SettingKey("tags", .list(.label, countMax: 50), fallback: "[]", "Only objects with all of these labels."),
        SettingKey("min_bytes", .bytes(0...(5 << 40)), fallback: "0", "Only objects of at least this size."),
        SettingKey("storage_class", .anyText, "Of the copies; by default the bucket's own."),
    ]

    private static let hour = SettingShape.text(expecting: "an hour such as 2026-11-21/05, or a day") {
        LakeHour($0) != nil
    }

    private static let lifecycleRule: [SettingKey] = [
        SettingKey("name", .label, required: true, "The rule's name, which stands in the reason of its commits."),
        SettingKey(
            "do", .choice(["expire", "tier", "recompress"]), required: true,
            "Expire removes objects; tier moves them to `storage_class`; recompress packs them at `level`."),
        SettingKey(
            "after", .duration(0...3_153_600_000_000), required: true,
            "The age of an object's newest event, by event time."
        ),
        SettingKey(
            "sides", .list(.choice(["main", "late", "dead_letter"]), countMax: 3), fallback: "[]",
            "Only these sides of the table; by default all."),
        SettingKey("tags", .list(.label, countMax: 50), fallback: "[]", "Only objects with all of these labels."),
        SettingKey("min_bytes", .bytes(0...(5 << 40)), fallback: "0", "Only objects of at least this size."),
        SettingKey("max_bytes", .bytes(0...(5 << 40)), fallback: "5TiB", "Only objects up to this size."),
        SettingKey(
            "storage_class", .anyText,
            "For tier: `STANDARD_IA`, `GLACIER_IR`, … Classes that have to be restored before reading are not "
                + "compacted or verified."),
        SettingKey("level", .integer(1...22), fallback: "19", "For recompress: zstd's level."),
    ]

    private static let lifecycleHold: [SettingKey] = [
        SettingKey("name", .label, required: true, "The hold's name, for people."),
        SettingKey(
            "tags", .list(.label, countMax: 50), fallback: "[]",
            "Objects with one of these labels; by default all objects of the hours."),
        SettingKey("from", hour, "The first hour held; by default from the beginning."),
        SettingKey("to", hour, "The last hour held; by default without end."),
    ]
}
