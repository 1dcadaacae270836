public import Catalog
public import LakeModel
public import ObjectStorage

/// What to import, and what to believe of it.
public struct ImportRequest: Hashable, Sendable {
    public enum OffsetSource: String, Hashable, Sendable, CaseIterable {
        /// Nobody knows which offsets the files hold.
        case none
        /// A file's name tells its first offset, and its lines count on from there without a gap.
        case fromNames = "from-names"
    }

    /// What to believe of where a file's offsets end, which no name tells.
    public enum OffsetEnds: String, Hashable, Sendable, CaseIterable {
        /// Where the next file of its topic partition begins, if its lines count up to there. The last one is left.
        case proved
        /// Where its lines count up to: right only if every offset has an event.
        case counted
    }

    /// What to do with a file whose folders tell no date.
    public enum UndatedFiles: String, Hashable, Sendable, CaseIterable {
        case passOver = "pass-over"
        /// Files it under the hour in which the store took it.
        case modified
    }

    /// Folder of the files, relative to the lake's root; ends in a slash.
    public var prefix: String
    public var layout: ImportLayout
    public var offsets: OffsetSource
    public var ends: OffsetEnds
    public var undated: UndatedFiles
    /// Files that the store took later than this long ago are left for the next time: they may still be written.
    public var minAge: Duration

    public init(
        prefix: String, layout: ImportLayout, offsets: OffsetSource = .none, ends: OffsetEnds = .proved,
        undated: UndatedFiles = .passOver, minAge: Duration = .zero
    ) {
        (self.prefix, self.layout, self.offsets, self.ends) = (prefix, layout, offsets, ends)
        (self.undated, self.minAge) = (undated, minAge)
    }
}

/// A file that is to be adopted, by what its key and the store say of it.
public struct ForeignFile: Hashable, Sendable {
    public var listed: ListedObject
    /// Where its events belong in the table.
    public var partition: PartitionPath
    /// The stretch of time that its folders tell; nil where they tell none.
    public var times: TimeSpan?
    public var name: ForeignName
    /// The offset with which the next file of its topic partition begins; nil where none follows.
    var nextOffset: Int64?

    public var key: String { listed.key.description }

    /// Its path in the table: the same for the same key, so that no commit can add it twice.
    var path: String {
        let digest = SHA256.hash(Array(key.utf8)).prefix(16)
        return "\(TableSide.main.folder)/\(partition)/adopted-\(hexText(Array(digest)))"
    }
}

/// What becomes of one file.
public struct ImportItem: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case adopt(ForeignFile)
        /// It is the last of its topic partition, and no file behind it proves where it ends.
        case last(TopicPartition)
        /// An earlier import adopted it.
        case known
        /// It is younger than `minAge`.
        case young
        case passOver(String)
    }

    public var listed: ListedObject
    public var verdict: Verdict
}

/// What an import would do: every file that was listed, in the order in which they are adopted.
public struct ImportPlan: Hashable, Sendable {
    public var table: TableName
    /// The table's, or the one that it gets.
    public var layout: TableLayout
    public var items: [ImportItem]
    /// Objects of the store whose keys no lake can name.
    public var leftOut = 0

    public var files: [ForeignFile] {
        items.compactMap { item in
            if case .adopt(let file) = item.verdict { file } else { nil }
        }
    }
}

/// Decides file by file; a pure function of the listing, the layout and the time.
struct ImportPlanner: Sendable {
    let request: ImportRequest
    let layout: TableLayout
    let calendar: PartitionCalendar
    let line: OffsetLine
    let now: Timestamp

    init(request: ImportRequest, layout: TableLayout, line: OffsetLine, now: Timestamp) throws(CatalogError) {
        (self.request, self.layout, self.line, self.now) = (request, layout, line, now)
        calendar = try .of(layout)
    }

    /// The layout of a new table: by hour where every file that tells a date tells an hour too. Files that tell none
    /// are filed by hour, or not at all.
    static func layout(_ listed: [ListedObject], request: ImportRequest, zone: String) -> TableLayout {
        let names = listed.filter { $0.bytes > 0 }.compactMap {
            try? ForeignName($0.key.description, layout: request.layout)
        }
        let byHour = names.allSatisfy { $0.hour != nil || $0.date == nil }
        return TableLayout(
            granularity: byHour ? .hour : .day, zone: zone, shards: 1, time: "kafka", shardBy: "partition")
    }

    func item(_ listed: ListedObject, isKnown: Bool) -> ImportItem {
        if isKnown { return ImportItem(listed: listed, verdict: .known) }
        if listed.modifiedAt > now.before(request.minAge) { return ImportItem(listed: listed, verdict: .young) }
        do throws(ForeignName.PassedOver) {
            return ImportItem(listed: listed, verdict: .adopt(try file(listed)))
        } catch {
            return ImportItem(listed: listed, verdict: .passOver(error.reason))
        }
    }

    private func file(_ listed: ListedObject) throws(ForeignName.PassedOver) -> ForeignFile {
        let name = try ForeignName(listed.key.description, layout: request.layout)
        guard listed.bytes > 0 else { throw ForeignName.PassedOver(reason: "it is empty") }
        if request.offsets == .none, let reason = line.overtakes(name, records: 1) {
            throw ForeignName.PassedOver(reason: reason)
        }
        guard let date = name.date else {
            guard request.undated == .modified else {
                throw ForeignName.PassedOver(reason: "its folders tell no date; see --undated")
            }
            let hour = calendar.window(containing: listed.modifiedAt.milliseconds).hour
            let partition = PartitionPath(date: hour.date, hour: hour.hour, shard: 0)
            return ForeignFile(listed: listed, partition: partition, times: nil, name: name)
        }
        guard layout.granularity == .day || name.hour != nil else {
            throw ForeignName.PassedOver(reason: "its folders tell a day, but the table is partitioned by hour")
        }
        let hour = layout.granularity == .day ? nil : name.hour
        return ForeignFile(
            listed: listed, partition: PartitionPath(date: date, hour: hour, shard: 0),
            times: times(LakeHour(date: date, hour: hour)), name: name)
    }

    /// The whole of an hour or day; nil for an hour that the zone's clocks leap over.
    private func times(_ hour: LakeHour) -> TimeSpan? {
        let window = calendar.window(containing: calendar.end(of: hour) - 1)
        guard window.hour == hour else { return nil }
        let (first, last) = (PartitionCalendar.clamped(window.start), PartitionCalendar.clamped(window.end - 1))
        return TimeSpan(min: Timestamp(milliseconds: first), max: Timestamp(milliseconds: last))
    }

    /// Tells each file where the next one of its topic partition begins, and leaves the last ones where that is needed.
    ///
    /// - `items`: in order.
    static func lineUp(_ items: [ImportItem], request: ImportRequest) -> [ImportItem] {
        guard request.offsets == .fromNames, request.ends == .proved else { return items }
        var items = items
        var behind: [TopicPartition: ForeignFile] = [:]
        for index in items.indices.reversed() {
            guard case .adopt(var file) = items[index].verdict, let source = file.name.source else { continue }
            if let next = behind[source] {
                // Files of the same offset lie in two folders; what follows them is the same.
                let isCopy = next.name.firstOffset == file.name.firstOffset
                file.nextOffset = isCopy ? next.nextOffset : next.name.firstOffset
            }
            behind[source] = file
            items[index].verdict = file.nextOffset == nil ? .last(source) : .adopt(file)
        }
        return items
    }

    /// By topic partition and offset where names tell them, else by partition and key.
    static func comesBefore(_ a: ImportItem, _ b: ImportItem) -> Bool {
        guard case .adopt(let x) = a.verdict, case .adopt(let y) = b.verdict else {
            return (a.verdict.rank, a.listed.key) < (b.verdict.rank, b.listed.key)
        }
        if x.name.source != y.name.source {
            guard let one = x.name.source else { return true }
            return y.name.source.map { one < $0 } ?? false
        }
        if let one = x.name.firstOffset, let two = y.name.firstOffset, one != two { return one < two }
        return (x.partition, x.listed.key) < (y.partition, y.listed.key)
    }
}

extension ImportItem.Verdict {
    fileprivate var rank: Int {
        switch self {
        case .adopt: 0
        case .last: 1
        case .known: 2
        case .young: 3
        case .passOver: 4
        }
    }
}
