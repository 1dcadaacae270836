import Compression
import Formats
import LakeModel

/// Where an event came from.
struct Place: Hashable, Comparable, Sendable, CustomStringConvertible {
    var source: TopicPartition
    var offset: Int64

    static func < (a: Place, b: Place) -> Bool { (a.source, a.offset) < (b.source, b.offset) }

    var description: String { "\(source) \(offset)" }
}

/// What maintenance has declared, and so may take out of the lake; everything else that it rewrites stays as it was.
extension Truth {
    typealias Events = [Place: ProducedEvent]

    /// A request to erase, noted by whoever makes it before the eraser starts.
    struct Erasure: Sendable {
        /// Stands in the reason of its commits.
        var id: String
        /// Whether its old bytes may go at once.
        var isPurged: Bool
        var matches: @Sendable (ProducedEvent) -> Bool
    }

    /// From here on no event below the offsets is live that the erasure asks for.
    struct Certificate: Sendable {
        var erasure: Erasure
        var below: [TopicPartition: Int64]

        func rulesOut(_ place: Place, _ event: ProducedEvent) -> Bool {
            place.offset < below[place.source] ?? 0 && erasure.matches(event)
        }
    }

    func declare(_ erasure: Erasure) { change { $0.erasures[erasure.id] = erasure } }

    /// The erasure says that nothing was left in this version, and that nothing of it comes back.
    func certify(_ id: String, version: Int64) {
        change { state in
            guard let erasure = state.erasures[id], let below = state.nextAt[version] else {
                return state.violations.append("erasure \(id) certifies version \(version), which there is not")
            }
            let certificate = Certificate(erasure: erasure, below: below)
            state.certificates.append(certificate)
            let left = state.events.values.flatMap { events in
                events.filter { certificate.rulesOut($0.key, $0.value) }.keys
            }
            guard let first = left.min() else { return }
            state.violations.append(
                "erasure \(id) is certified at version \(version), but \(left.count) events are live, as \(first)")
        }
    }

    /// What is wrong with what a commit does to single events. Its objects are in the store.
    func eventFaults(_ entry: Entry, _ state: inout State) -> [String] {
        var faults: [String] = []
        func blame(_ text: String) { faults.append(text) }
        var (before, after): (Events, Events) = ([:], [:])
        for path in entry.remove { before.merge(state.events.removeValue(forKey: path) ?? [:]) { $1 } }
        for object in entry.add {
            guard let stored = state.stored[folder + object.path] else { continue }
            do {
                let events = try Self.events(in: stored.bytes, isParquet: object.path.hasSuffix(".parquet"))
                if Int64(events.count) != object.records { blame("\(object.path) holds \(events.count) events") }
                after.merge(events) { $1 }
                state.events[object.path] = events
            } catch {
                blame("\(object.path): \(error)")
            }
        }
        for (place, event) in after.sorted(by: { $0.key < $1.key }) {
            if let why = state.gone[place] { blame("brings back \(place), which went with \(why)") }
            if state.certificates.contains(where: { $0.rulesOut(place, event) }) {
                blame("adds \(place), which is certified to be erased")
            }
            if entry.kind != "append", before[place] != event { blame("adds \(place), which it did not find so") }
        }
        let dropped = before.filter { after[$0.key] == nil }
        for place in dropped.keys { state.gone[place] = "\(entry.kind) \(entry.version)" }
        // `erase ID: …`, `lifecycle RULE: …`.
        let subject = (entry.reason ?? "").split(separator: " ").dropFirst().first.map { String($0.dropLast()) }
        if entry.kind == "erase", let erasure = subject.flatMap({ state.erasures[$0] }) {
            checkErased(dropped, after, erasure, blame)
            if erasure.isPurged { state.purgeable.formUnion(entry.remove) }
        } else if entry.kind == "lifecycle", subject == "retain", let retention {
            checkExpired(dropped, retention, blame)
        } else if let lost = dropped.keys.min() {
            blame("loses \(lost), and nobody asked for that")
        }
        return faults
    }

    /// An erasure takes what it asks for, all of it, and nothing else.
    private func checkErased(_ dropped: Events, _ kept: Events, _ erasure: Erasure, _ blame: (String) -> Void) {
        if let wrong = dropped.filter({ !erasure.matches($0.value) }).keys.min() { blame("erases \(wrong) as well") }
        if let left = kept.filter({ erasure.matches($0.value) }).keys.min() { blame("leaves \(left) in what it wrote") }
    }

    /// Retention takes only events that are older than declared.
    private func checkExpired(_ dropped: Events, _ retention: Duration, _ blame: (String) -> Void) {
        let young = VirtualTime.start.milliseconds + (time.elapsed + clockSkewMax - retention).milliseconds
        if let wrong = dropped.filter({ $0.value.timestamp >= young }).keys.min() {
            blame("expires \(wrong), which is younger than \(retention)")
        }
    }

    static func events(in bytes: [UInt8], isParquet: Bool) throws -> Events {
        var events: Events = [:]
        func take(_ event: StoredEvent) throws {
            let place = Place(source: event.topicPartition, offset: event.offset)
            guard events.updateValue(ProducedEvent(event), forKey: place) == nil else { throw Doubled(place: place) }
        }
        if isParquet {
            let reader = try ParquetTableReader(ParquetFileReader(ParquetMemorySource(bytes)))
            for group in 0..<reader.file.rowGroupCount {
                try reader.open(group: group)
                while let event = try reader.nextInGroup() { try take(event) }
            }
        } else {
            let reader = EnvelopeReader()
            let lines = try zstdDecompress(bytes, bytesMax: 1 << 26).split(separator: 0x0A)
            for line in lines { try line.withUnsafeBytes { try take(try reader.read($0)) } }
        }
        return events
    }

    private struct Doubled: Error {
        var place: Place
    }
}
