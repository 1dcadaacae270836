import LakeModel

/// Where each topic partition stands while its files are lined up behind each other.
struct OffsetLine: Hashable, Sendable {
    var next: [TopicPartition: Int64]

    /// Why a file is not adopted without its offsets: the table's writer would read it again from Kafka. Nil where it
    /// would not, or nobody knows which offsets it holds.
    ///
    /// - `records`: events that it holds at least.
    func overtakes(_ name: ForeignName, records: Int64) -> String? {
        guard let source = name.source, let first = name.firstOffset, let next = next[source],
            first >= next || records > next - first
        else { return nil }
        return "'varve run' reads \(source) from \(next) on, and would bring its events again; import it into another "
            + "table"
    }
}

/// The objects of one commit, and the offsets that they bring; a pure rule over what was read.
struct Adoption {
    private let takesOffsets: Bool
    private let ends: ImportRequest.OffsetEnds
    private(set) var line: OffsetLine
    private(set) var objects: [DataObject] = []
    private(set) var passedOver: [ImportReport.PassedOver] = []
    /// Why nothing behind the objects can be adopted; a line for a person.
    private(set) var fault: String?
    private var moved: [TopicPartition: OffsetRange] = [:]

    init(_ request: ImportRequest, line: OffsetLine) {
        (takesOffsets, ends, self.line) = (request.offsets == .fromNames, request.ends, line)
    }

    /// In order of topic partition.
    var ranges: [OffsetRange] { moved.values.sorted { $0.topicPartition < $1.topicPartition } }

    /// Takes a file that comes behind all that were taken before; takes nothing more after a fault.
    mutating func add(_ read: ForeignRead) throws {
        guard fault == nil else { return }
        guard var object = read.object else {
            let reason = read.reason ?? ""
            passedOver.append(ImportReport.PassedOver(file: read.file, reason: reason))
            if takesOffsets { fault = "\(read.file.key) cannot be adopted (\(reason)), nor what comes behind a gap" }
            return
        }
        guard takesOffsets else {
            if let reason = line.overtakes(read.file.name, records: object.records) {
                passedOver.append(ImportReport.PassedOver(file: read.file, reason: reason))
            } else {
                objects.append(object)
            }
            return
        }
        guard let source = read.file.name.source, let first = read.file.name.firstOffset else {
            throw MaintenanceError.invalid("\(read.file.key) has no offset in its name")
        }
        let (end, overflow) = first.addingReportingOverflow(object.records)
        guard !overflow else { throw MaintenanceError.invalid("\(read.file.key) has an impossible offset in its name") }
        if let next = line.next[source] {
            guard end > next else {
                passedOver.append(
                    ImportReport.PassedOver(file: read.file, reason: "its offsets are in the table already"))
                return
            }
            guard first == next else {
                fault = Self.fault(read.file, source, first, end, next: next)
                return
            }
        }
        if ends == .proved, read.file.nextOffset != end {
            fault = Self.fault(read.file, source, end: end)
            return
        }
        object.offsets = [OffsetSpan(source, first: first, last: end - 1, count: object.records)]
        let from = moved[source]?.from ?? first
        moved[source] = OffsetRange(source, from: from, to: end, events: end - from)
        line.next[source] = end
        objects.append(object)
    }

    /// Of a file whose lines do not count up to the next one.
    private static func fault(_ file: ForeignFile, _ source: TopicPartition, end: Int64) -> String {
        let next = file.nextOffset.map { "the next file begins at \($0)" } ?? "no file follows"
        return "\(file.key) holds \(source) up to \(end - 1) by its name and lines, but \(next): a file is missing, or "
            + "offsets without events lie between; nobody knows where it ends; bring the file, or import both into "
            + "another table without --offsets"
    }

    private static func fault(
        _ file: ForeignFile, _ source: TopicPartition, _ first: Int64, _ end: Int64, next: Int64
    ) -> String {
        guard first > next else {
            return "\(file.key) holds \(source) \(first) to \(end - 1) by its name and lines, which overlaps what the "
                + "table holds up to \(next - 1)"
        }
        return "\(file.key) begins at offset \(first) of \(source), but what comes before it ends at \(next - 1): a "
            + "file is missing, or offsets without events lie between; bring the file, or import what follows into "
            + "another table without --offsets"
    }
}
