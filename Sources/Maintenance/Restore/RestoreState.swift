import Foundation
public import LakeModel
import ObjectStorage

/// How far a restore is: everything that a later run needs to go on where this one stopped. Kept by the sink together
/// with the events themselves.
public struct RestoreState: Hashable, Sendable {
    /// One topic partition of the lake: events from `next` to just before `end` are still to be sent.
    public struct Source: Hashable, Sendable {
        public var next: Int64
        public var end: Int64

        public init(next: Int64, end: Int64) {
            (self.next, self.end) = (next, end)
        }
    }

    /// The request, as a digest; a run with another one is another restore.
    public var request: String
    /// Event times asked for, as they were resolved when the restore began.
    public var times: TimeSpan?
    /// The table's version then.
    public var version: Int64
    public var startedAt: Timestamp
    public var sources: [TopicPartition: Source]
    /// Where lines carry no offsets: the object that comes next, and how many of its lines were passed.
    public var path: String?
    public var lines: Int64
    /// Sent so far, all runs together.
    public var events: Int64
    public var bytes: Int64
    public var isDone: Bool

    public init(request: String, times: TimeSpan?, version: Int64, startedAt: Timestamp) {
        (self.request, self.times, self.version, self.startedAt) = (request, times, version, startedAt)
        (sources, path, lines, events, bytes, isDone) = ([:], nil, 0, 0, 0, false)
    }

    /// A digest of what makes two command lines the same restore.
    public static func digest(_ parts: [String]) -> String {
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined(separator: "\n")
        return String(Checksum(.sha256, of: Array(text.utf8)).value.prefix(16))
    }
}

/// As short as can be: brokers keep some 4 KB for each topic partition.
extension RestoreState {
    private static let version = "1"

    /// One line of text.
    public var encoded: String {
        let span = times.map { "\($0.min.milliseconds)~\($0.max.milliseconds)" } ?? ""
        var fields = [
            Self.version, request, span, "\(version)", "\(startedAt.milliseconds)", "\(events)", "\(bytes)",
            isDone ? "done" : "", "\(lines)", Self.escaped(path ?? ""),
        ]
        // Of each topic only its first topic partition names it.
        var topic = ""
        for (source, state) in sources.sorted(by: { $0.key < $1.key }) {
            let name = source.topic == topic ? "" : source.topic
            topic = source.topic
            fields.append("\(name)/\(source.partition)/\(state.next)/\(state.end)")
        }
        return fields.joined(separator: ";")
    }

    /// ASCII without semicolons.
    private static func escaped(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting([";"])) ?? ""
    }

    /// Nil where `text` is no state that this program wrote.
    public init?(encoded text: String) {
        let fields = text.split(separator: ";", omittingEmptySubsequences: false)
        guard fields.count >= 10, fields[0] == Self.version, let version = Int64(fields[3]),
            let started = Int64(fields[4]), let events = Int64(fields[5]), let bytes = Int64(fields[6]),
            let lines = Int64(fields[8]),
            // They are counted on.
            [events, bytes, lines].allSatisfy({ (0...Int64.max / 2).contains($0) })
        else { return nil }
        var times: TimeSpan?
        if !fields[2].isEmpty {
            let ends = fields[2].split(separator: "~").compactMap { Int64($0) }
            guard ends.count == 2 else { return nil }
            times = TimeSpan(min: Timestamp(milliseconds: ends[0]), max: Timestamp(milliseconds: ends[1]))
        }
        self.init(
            request: String(fields[1]), times: times, version: version, startedAt: Timestamp(milliseconds: started))
        (self.events, self.bytes, self.lines, isDone) = (events, bytes, lines, fields[7] == "done")
        path = fields[9].isEmpty ? nil : fields[9].removingPercentEncoding
        var topic = ""
        for field in fields[10...] {
            let parts = field.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 4, let partition = Int32(parts[1]), let next = Int64(parts[2]),
                let end = Int64(parts[3])
            else { return nil }
            if !parts[0].isEmpty { topic = String(parts[0]) }
            sources[TopicPartition(topic: topic, partition: partition)] = Source(next: next, end: end)
        }
    }
}
