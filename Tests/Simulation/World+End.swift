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
        tidyUp()
    }

    /// Each verb once more with nothing in its way: what was killed half-way is done now, and nothing is left over.
    private func tidyUp() {
        network.change { $0.latencyMillisecondsMax = 0 }
        for verb in maintenance.erasures.map(MaintenanceVerb.erase) + [.lifecycle, .replicate(prunes: true)] {
            finish(verb)
        }
        // What is still on its way arrives, the latest after half a minute; then every grace passes.
        for seconds in [31, 600, 600] {
            time.advance(to: time.elapsed + .seconds(seconds))
            guard goOn(until: { network.queue.count == 0 }) else { return truth.blame("requests do not end") }
        }
        for verb in [.vacuum, .replicate(prunes: true), .verify(maintenance.certificates)] as [MaintenanceVerb] {
            finish(verb)
        }
    }

    private func finish(_ verb: MaintenanceVerb) {
        guard truth.firstViolation == nil else { return }
        let before = maintenance.gaveUp.count
        maintain(verb)
        let isOver = goOn(until: { !maintenance.isBusy })
        if !isOver { truth.blame("\(verb.name) does not come to an end") }
        if let why = maintenance.gaveUp.dropFirst(before).first {
            truth.blame("\(verb.name) gave up with nothing in its way: \(why)")
        }
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

    /// Every event that was produced is in the lake, once, as it was, unless an erasure or a rule took it; nothing else
    /// is.
    func audit() {
        var found: Truth.Events = [:]
        let now = truth.now
        for object in now.live.values.sorted(by: { $0.path < $1.path }) {
            do {
                let bytes = now.stored["orders/\(object.path)"]?.bytes ?? []
                let events = try Truth.events(in: bytes, isParquet: object.path.hasSuffix(".parquet"))
                for (place, event) in events where found.updateValue(event, forKey: place) != nil {
                    truth.blame("\(place) is in the lake twice")
                }
            } catch {
                truth.blame("\(object.path): \(error)")
            }
        }
        for name in broker.partitions() {
            for event in broker.events(of: name) {
                let place = Place(source: name, offset: event.offset)
                let inLake = found.removeValue(forKey: place)
                if let why = now.gone[place] {
                    if inLake != nil { truth.blame("\(place) is in the lake, though \(why) took it") }
                } else if inLake != event {
                    truth.blame("\(place) is not \(inLake == nil ? "in the lake" : "as it was")")
                }
                if inLake != nil, let erasure = maintenance.erasures.first(where: { $0.matches(event) }) {
                    truth.blame("\(place) is in the lake, though \(erasure.condition) was erased to the end")
                }
            }
        }
        if let stray = found.keys.min() { truth.blame("\(stray) is in the lake and was never produced") }
        auditObjects(now)
    }

    /// Vacuum and prune have left nothing but what is live, and the copy is at the lake's version.
    private func auditObjects(_ now: Truth.State) {
        let live = Set(now.live.keys.map { "orders/\($0)" })
        for (place, keys) in [("lake", Array(now.stored.keys)), ("copy", Array(replica.now.stored.keys))] {
            let data = Set(keys.filter { !$0.hasPrefix("orders/_varve/") && !$0.hasSuffix("_SUCCESS") })
            if let left = data.subtracting(live).min() { truth.blame("\(left) is dead and was left in the \(place)") }
            if let missing = live.subtracting(data).min() { truth.blame("\(missing) is not in the \(place)") }
        }
        if replica.now.head != now.newest {
            truth.blame("the copy is at version \(replica.now.head), the lake at \(now.newest)")
        }
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
