import Catalog
import LakeModel
import ObjectStorage

/// The offsets that one object was seen to hold of one topic partition.
struct SeenOffsets: Sendable {
    /// Runs of offsets that follow each other, both ends in them, in the order of the file.
    var runs: [ClosedRange<Int64>] = []
    var count: Int64 = 0

    mutating func add(_ offset: Int64) {
        count += 1
        if let last = runs.last, last.upperBound < .max, offset == last.upperBound + 1 {
            runs[runs.count - 1] = last.lowerBound...offset
        } else {
            runs.append(offset...offset)
        }
    }

    func span(_ source: TopicPartition) -> OffsetSpan {
        let first = runs.map(\.lowerBound).min() ?? 0
        let last = runs.map(\.upperBound).max() ?? 0
        return OffsetSpan(source, first: first, last: last, count: count)
    }
}

/// Reads every byte of an object and compares it with its entry in the catalog.
struct ContentCheck: Sendable {
    let reader: ObjectLineReader
    /// Whether the table places events by Kafka's timestamps, as dead letters always are.
    let timeIsKafka: Bool

    struct Outcome: Sendable {
        var findings: [VerifyFinding] = []
        /// Nil where the format does not carry offsets.
        var offsets: [TopicPartition: SeenOffsets]?
    }

    /// Throws only what says nothing about the object: a store that does not answer.
    func run(_ object: DataObject) async throws(StoreError) -> Outcome {
        do {
            switch object.format {
            case .envelope, .parquet:
                return try await readEnvelopes(object)
            case .value:
                try await reader.forEachLine(of: object) { _ in true }
            }
            return Outcome()
        } catch let error as ReadError {
            return Outcome(findings: [try finding(error, in: object)])
        } catch {
            return Outcome(findings: [VerifyFinding(.damagedObject, object.path, "\(error)")])
        }
    }

    private func readEnvelopes(_ object: DataObject) async throws -> Outcome {
        var seen: [TopicPartition: SeenOffsets] = [:]
        var unreadable: Int64 = 0
        let listed = RowSources(of: [object])
        var fronts = EnvelopeFrontReader(sources: listed)
        var sources = CoordinateReader()
        var times = TimeCheck(object, timeIsKafka: timeIsKafka)
        try await reader.forEachLine(of: object) { line in
            if let front = fronts.read(line) {
                seen[listed.all[Int(front.source)], default: SeenOffsets()].add(front.offset)
                if let time = front.timestamp { times?.add(time) }
            } else if let (source, offset) = sources.read(line) {
                seen[source, default: SeenOffsets()].add(offset)
            } else {
                unreadable += 1
            }
            return true
        }
        var outcome = Outcome(offsets: seen)
        if unreadable > 0 {
            outcome.findings.append(
                VerifyFinding(.damagedObject, object.path, "\(unreadable) lines are no envelopes"))
        }
        let found = seen.sorted { $0.key < $1.key }.map { $1.span($0) }
        if found != object.offsets {
            outcome.findings.append(VerifyFinding(.damagedObject, object.path, difference(found, object.offsets)))
        }
        if let fault = times?.fault { outcome.findings.append(VerifyFinding(.damagedObject, object.path, fault)) }
        return outcome
    }

    private func difference(_ found: [OffsetSpan], _ listed: [OffsetSpan]) -> String {
        for span in found {
            guard let other = listed.first(where: { $0.topicPartition == span.topicPartition }) else {
                return "it holds \(span.count) events of \(span.topicPartition), which the catalog does not list"
            }
            if other != span {
                return
                    "it holds \(span.count) events of \(span.topicPartition) at offsets \(span.first) to \(span.last), "
                    + "not \(other.count) at \(other.first) to \(other.last)"
            }
        }
        let gone = listed.first { span in !found.contains { $0.topicPartition == span.topicPartition } }
        return "it holds no events of \(gone.map { "\($0.topicPartition)" } ?? "a listed topic partition")"
    }

    private func finding(_ error: ReadError, in object: DataObject) throws(StoreError) -> VerifyFinding {
        switch error {
        case .missing(let path):
            return VerifyFinding(.missingObject, path, object.naming("the store does not have it"))
        case .damaged(let path, let reason): return VerifyFinding(.damagedObject, path, object.naming(reason))
        // One key's or one object's rights, or a class that has to be thawed; the others can be read all the same.
        case .store(let error) where error.kind == .denied || error.kind == .archived:
            return VerifyFinding(.unreadableObject, object.path, "the store does not hand it out: \(error.message)")
        case .store(let error): throw error
        }
    }
}
