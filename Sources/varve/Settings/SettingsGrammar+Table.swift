extension SettingsGrammar {
    static let table: [SettingKey] = [
        SettingKey(
            "name", .tableName, required: true, "The table's folder in the lake and its name on the command line."),
        SettingKey(
            "topics", .list(.topic, countMax: 1000),
            "Topic names, or /POSIX extended expressions/ that match whole names. By default the table's own name. "
                + "The brokers' own __consumer_offsets and __transaction_state are not read."),
        SettingKey(
            "start", .start, fallback: "earliest",
            "Where topic partitions start that the catalog has never seen. Earliest, so that nothing is left out."),
        SettingKey(
            "on_reset", .choice(["stop", "earliest", "latest"]), fallback: "stop",
            "What to do where the offset to read next is no longer, or not yet, in the topic: events were lost, or the "
                + "topic was made anew. Stop, so that a person decides."),
        SettingKey("partition", .record(partition), "How events map to dates, hours and shards."),
        SettingKey(
            "format", .choice(["envelope", "value", "parquet"]), fallback: "envelope",
            "How events are written. Envelope is lossless; value keeps only the payload, one JSON line each; Parquet "
                + "is lossless columns, or payloads taken apart where `schema` says how."),
        SettingKey("schema", .record(schema), "Columns of JSON payloads in Parquet; without one, payloads stay whole."),
        SettingKey("parquet", .record(parquet), "What Parquet files are made with."),
        SettingKey("compression", .record(compression), "zstd."),
        SettingKey("rotate", .record(rotate), "When an open object is full; whichever comes first."),
        SettingKey("late", .record(late), "What to do with events far behind the table's time."),
        SettingKey("close", .record(close), "When an hour is declared complete."),
        SettingKey("compact", .record(compact), "How `varve compact` merges the table's objects."),
        SettingKey("vacuum", .record(vacuum), "How long `varve vacuum` leaves things alone that nobody needs."),
        SettingKey(
            "lifecycle", .record(lifecycle), "What `varve lifecycle` does with objects as they grow old."),
        SettingKey(
            "tags", .list(.label, countMax: 50), fallback: "[]",
            "Labels on every object in the catalog, for `manifest ls --tag` and lifecycle rules."),
    ]

    static let partition: [SettingKey] = [
        SettingKey(
            "time", .timeSource, fallback: "kafka",
            "What an event's time is: its Kafka timestamp, a field of a JSON payload, or a header."),
        SettingKey(
            "unit", .choice(["iso8601", "s", "ms", "us", "ns"]), fallback: "iso8601",
            "How a field or header writes its time: ISO 8601, or a count since 1970."),
        SettingKey(
            "granularity", .choice(["hour", "day"]), fallback: "hour",
            "Folders by hour or by day. A day suits tables of less than a few hundred MiB a day."),
        SettingKey("zone", .zone, fallback: "UTC", "The time zone of dates and hours, by its IANA name."),
        SettingKey(
            "shards", .integer(1...10_000), fallback: "4",
            "Into how many objects an hour is spread, so that it is written and read in parallel."),
        SettingKey(
            "shard_by", .shardSource, fallback: "partition",
            "What chooses the shard: the topic partition, the key, or a field of a JSON payload."),
    ]

    static let schema: [SettingKey] = [
        SettingKey(
            "json_schema", .anyText,
            "Path of a JSON Schema file whose properties become columns. What it does not know is kept in `_rest`. A "
                + "relative path begins where this file is."),
        SettingKey(
            "avro", .anyText,
            "Path of an Avro schema file whose fields become columns; payloads are JSON. A relative path begins where "
                + "this file is."),
        SettingKey(
            "infer", .boolean, fallback: "false",
            "Find the columns in the events themselves. Each object has the columns known when it was begun."),
        SettingKey(
            "misfits", .choice(["rest", "dead_letter"]), fallback: "rest",
            "What becomes of a value that does not fit its column: it is kept in `_rest`, or its event goes to "
                + "`<table>.dead_letter`."),
    ]

    static let parquet: [SettingKey] = [
        SettingKey(
            "bloom_filters", .list(.eventField, countMax: 16), fallback: "[]",
            "Columns with Bloom filters, for erasures and engines that look for single values: `@key`, or fields that "
                + "`schema` makes columns of. About ten bits for each different value of a row group, one false answer "
                + "in a hundred. Objects get them as they are written or rewritten.")
    ]

    static let compression: [SettingKey] = [
        SettingKey(
            "level", .integer(1...22), fallback: "3", "zstd's level. Three is its own default: most of the gain, fast.")
    ]

    static let rotate: [SettingKey] = [
        SettingKey(
            "bytes", .bytes((64 << 10)...(4 << 30)), fallback: "128MiB",
            "Compressed size. 128 MiB is what query engines like to read at a time."),
        SettingKey(
            "age", .duration(1000...86_400_000), fallback: "5m",
            "Since the oldest event that is not committed: how old data can be before readers see it."),
        SettingKey("records", .integer(1...1_000_000_000), fallback: "1000000", "Number of events."),
    ]

    static let late: [SettingKey] = [
        SettingKey(
            "after", .duration(1...3_153_600_000_000), fallback: "1h",
            "How far behind its topic partition's watermark an event counts as late."),
        SettingKey(
            "policy", .choice(["accept", "separate", "dead_letter"]), fallback: "accept",
            "Accept writes late events to their own hour, tagged; separate to `<table>.late`; dead_letter to "
                + "`<table>.dead_letter`."),
    ]

    static let close: [SettingKey] = [
        SettingKey(
            "grace", .duration(0...604_800_000), fallback: "5m",
            "How far the watermark has to be past the end of an hour before the hour is declared complete."),
        SettingKey(
            "idle", .duration(0...604_800_000), fallback: "10m",
            "After how long without events a topic partition that has been read to its end no longer holds hours "
                + "open; 0 for never."),
    ]
}
