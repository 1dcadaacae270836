public import LakeModel

/// Which program wrote the files, and so what their folders and names tell.
public enum ImportLayout: String, Hashable, Sendable, CaseIterable {
    /// Folders such as `year=2026/month=11/day=21/hour=05`, `dt=2026-11-21`, `date=2026-11-21/hour=05`.
    case hive
    /// The same folders, and names that tell a topic partition and its first offset: `orders+3+0000000100.json.gz`
    /// (Confluent), `orders-3-00000000000000000100.gz` (Aiven).
    case kafkaConnect = "kafka-connect"
    /// `date=2026-11-21` before the name, with a slash behind it or none: Vector's sink has had either as its default
    /// prefix. And what `hive` takes.
    case vector
    /// `2026/11/21/05/…`, and what `hive` takes.
    case firehose
}

/// What the folders and the name of a file tell of its events; a pure reading of its key.
public struct ForeignName: Hashable, Sendable {
    public var date: CalendarDay?
    public var hour: UInt8?
    /// In the layout of Kafka Connect; in `hive` where the name is one of Confluent's.
    public var source: TopicPartition?
    /// The offset of its first event.
    public var firstOffset: Int64?

    /// A file that cannot be adopted, and why: a line for a person.
    public struct PassedOver: Error, Hashable, Sendable {
        public var reason: String
    }

    /// Endings that say nothing of what is not seen in the bytes anyway.
    private static let endings = [".gz", ".gzip", ".zst", ".zstd", ".json", ".jsonl", ".ndjson", ".log", ".txt"]
    private static let otherFormats = [
        "parquet", "avro", "orc", "csv", "tsv", "xml", "bin", "bz2", "lz4", "snappy", "sz", "zip", "xz",
    ]

    public init(_ key: String, layout: ImportLayout) throws(PassedOver) {
        let segments = key.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = segments.last, !name.isEmpty else { throw PassedOver(reason: "it is a folder") }
        guard !segments.contains(where: { $0.hasPrefix(".") }), !segments.contains("_varve"), name != "_SUCCESS",
            layout == .kafkaConnect || !name.hasPrefix("_")
        else { throw PassedOver(reason: "its name says that it is no data") }
        if let ending = Self.otherFormats.first(where: { name.hasSuffix(".\($0)") }) {
            throw PassedOver(reason: "files of format \(ending) are not adopted")
        }
        let folders = segments.dropLast()
        if layout == .firehose, let failed = folders.first(where: { $0.hasSuffix("-failed") }) {
            throw PassedOver(reason: "records that Firehose put into \(failed) are not events")
        }
        var partition: Int32?
        try readFolders(folders, &partition)
        if layout == .firehose, date == nil { try readNumbers(folders) }
        if layout == .vector, date == nil { try readPrefix(of: name) }
        let stem = Self.stem(name)
        for side in ["keys", "headers"] where stem.hasSuffix(".\(side)") {
            guard Self.coordinates(stem.dropLast(side.utf8.count + 1), "+") == nil else {
                throw PassedOver(reason: "it holds the \(side) of events, not events")
            }
        }
        guard layout == .kafkaConnect else {
            if layout == .hive, let told = Self.coordinates(stem, "+") { (source, firstOffset) = told }
            return
        }
        guard let told = Self.coordinates(stem, "+") ?? Self.coordinates(stem, "-") else {
            throw PassedOver(reason: "its name is not <topic>+<partition>+<offset>, nor with hyphens")
        }
        (source, firstOffset) = told
        if let partition, let source, source.partition != partition {
            throw PassedOver(reason: "its folder says partition \(partition), its name \(source.partition)")
        }
    }

    private static func stem(_ name: Substring) -> Substring {
        var stem = name
        while let ending = endings.first(where: { stem.hasSuffix($0) }) { stem = stem.dropLast(ending.count) }
        return stem
    }

    /// `name=value` folders, in any order; others tell nothing.
    private mutating func readFolders(
        _ folders: ArraySlice<Substring>, _ partition: inout Int32?
    ) throws(PassedOver) {
        var (year, month, day) = (Int?.none, Int?.none, Int?.none)
        for folder in folders {
            guard let sign = folder.firstIndex(of: "=") else { continue }
            let (name, value) = (folder[..<sign].lowercased(), folder[folder.index(after: sign)...])
            switch name {
            case "date", "dt", "ds": try readDate(value)
            case "year": year = Self.digits(value, 4)
            case "month": month = Self.digits(value, 2)
            case "day" where value.utf8.count > 2: try readDate(value)
            case "day": day = Self.digits(value, 2)
            case "hour", "hr":
                // `hour=2026-11-21-05` is in use too.
                if value.utf8.count > 2 { try readDate(value) } else { try take(hour: Self.digits(value, 2)) }
            case "partition": partition = Self.digits(value, 10).flatMap { Int32(exactly: $0) }
            default: continue
            }
        }
        guard year != nil || month != nil || day != nil else { return }
        guard let year, let month, let day, let date = CalendarDay(year: year, month: month, day: day) else {
            throw PassedOver(reason: "its folders tell no day of a calendar")
        }
        try take(date: date)
    }

    /// `2026-11-21`, `20261121`, and either with an hour behind it: `2026-11-21-05`, `2026112105`.
    private mutating func readDate(_ text: Substring) throws(PassedOver) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "T") }
        let number = Substring(decoding: digits, as: UTF8.self)
        guard digits.count == 8 || digits.count == 10, let year = Self.digits(number.prefix(4), 4),
            let month = Self.digits(number.dropFirst(4).prefix(2), 2),
            let day = Self.digits(number.dropFirst(6).prefix(2), 2),
            let date = CalendarDay(year: year, month: month, day: day)
        else { throw PassedOver(reason: "its folders tell no day of a calendar") }
        try take(date: date)
        if digits.count == 10 { try take(hour: Self.digits(number.suffix(2), 2)) }
    }

    /// `2026/11/21/05`: the first such run of folders.
    private mutating func readNumbers(_ folders: ArraySlice<Substring>) throws(PassedOver) {
        for start in folders.indices.dropLast(2) {
            guard folders[start].utf8.count == 4, let year = Self.digits(folders[start], 4),
                let month = Self.digits(folders[start + 1], 2), let day = Self.digits(folders[start + 2], 2),
                let date = CalendarDay(year: year, month: month, day: day)
            else { continue }
            try take(date: date)
            if start + 3 < folders.endIndex, let hour = Self.digits(folders[start + 3], 2) { try take(hour: hour) }
            return
        }
    }

    /// `date=2026-11-211763679600-<uuid>`: what `filename_time_format` says follows the prefix, by default seconds.
    private mutating func readPrefix(of name: Substring) throws(PassedOver) {
        guard name.hasPrefix("date=") else { return }
        let value = name.dropFirst("date=".utf8.count)
        guard let next = value.utf8.dropFirst(10).first, (0x30...0x39).contains(next) else { return }
        try readDate(value.prefix(10))
    }

    /// `<topic>+<partition>+<offset>`, or the same with hyphens, which topics may hold themselves.
    private static func coordinates(_ stem: Substring, _ separator: Character) -> (TopicPartition, Int64)? {
        let parts = stem.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count >= 3, let offset = digits(parts[parts.count - 1], 19),
            let partition = digits(parts[parts.count - 2], 10).flatMap({ Int32(exactly: $0) })
        else { return nil }
        let topic = parts.dropLast(2).joined(separator: String(separator))
        guard isTopic(topic) else { return nil }
        return (TopicPartition(topic: topic, partition: partition), Int64(offset))
    }

    private mutating func take(date: CalendarDay) throws(PassedOver) {
        guard self.date == nil || self.date == date else { throw PassedOver(reason: "its folders tell two dates") }
        self.date = date
    }

    private mutating func take(hour: Int?) throws(PassedOver) {
        guard let hour, let value = UInt8(exactly: hour), value < 24, self.hour == nil || self.hour == value else {
            throw PassedOver(reason: "its folders tell no hour of a day")
        }
        self.hour = value
    }

    /// A number of digits only; leading zeros do not count as `most`.
    private static func digits(_ text: Substring, _ most: Int) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 64, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard text.drop(while: { $0 == "0" }).utf8.count <= most else { return nil }
        return Int(text)
    }

    /// What Kafka allows as a topic's name.
    private static func isTopic(_ text: String) -> Bool {
        (1...249).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
            }
    }
}
