import Compression
public import Formats
import Ingest
import LakeModel

/// The end of a run: everything heals, everyone stops, one last writer drains the topic, and the lake is counted.
extension World {
    func settle() {
        note("everything heals")
        heal()
        network.change { $0.faults = 0 }
        isSettling = true
        for writer in writers {
            writer.frozenUntil = nil
            writer.control.stop()
        }
        guard goOn(until: { writers.isEmpty }) else { return truth.blame("the writers do not stop") }
        // A broker gives a newcomer nothing before it has found out who is dead.
        for id in 1...writersEver { group.leave(id) }
        startWriter(once: true)
        guard goOn(until: { writers.isEmpty }) else { return truth.blame("the last writer does not come to an end") }
        guard goOn(until: { !maintenance.isBusy }) else { return truth.blame("maintenance does not come to an end") }
    }

    private func goOn(until isDone: () -> Bool) -> Bool {
        for _ in 0..<200_000 {
            guard truth.firstViolation == nil else { return true }
            if isDone() { return true }
            report.steps += 1
            group.coordinate()
            advanceWriters()
        }
        return false
    }

    /// Every event that was produced is in the lake, once, as it was.
    func audit() {
        var found: [TopicPartition: [Int64: ProducedEvent]] = [:]
        for object in truth.now.live.values.sorted(by: { $0.path < $1.path }) {
            do {
                for event in try events(of: object) {
                    let earlier = found[event.topicPartition, default: [:]].updateValue(
                        ProducedEvent(event), forKey: event.offset)
                    if earlier != nil { truth.blame("\(event.topicPartition) \(event.offset) is in the lake twice") }
                }
            } catch {
                truth.blame("\(object.path): \(error)")
            }
        }
        for name in broker.partitions() {
            let inLake = found[name] ?? [:]
            for event in broker.events(of: name) where inLake[event.offset] != event {
                truth.blame(
                    inLake[event.offset] == nil
                        ? "\(name) \(event.offset) is not in the lake" : "\(name) \(event.offset) is not as it was")
            }
        }
    }

    private func events(of object: Truth.Object) throws -> [StoredEvent] {
        guard let bytes = truth.now.stored["orders/\(object.path)"]?.bytes else { return [] }
        let raw = try zstdDecompress(bytes, bytesMax: 1 << 26)
        let reader = EnvelopeReader()
        return try raw.split(separator: 0x0A).map { line in try line.withUnsafeBytes { try reader.read($0) } }
    }
}

extension ProducedEvent {
    public init(_ event: StoredEvent) {
        self.init(
            key: event.key, value: event.value,
            headers: event.headers.map { Header(name: String(decoding: $0.name, as: UTF8.self), value: $0.value) },
            timestamp: event.timestamp?.milliseconds ?? 0, timestampType: event.timestampType, offset: event.offset)
    }
}
