import LakeModel
import Logging

/// A topic partition that goes to sleep is asked for again, and one that the broker keeps back is not forgotten.
extension IngestLoop {
    /// What a broker said when it would not hand a topic partition over.
    struct Refusal {
        var text: String
        /// When it is said again.
        var sayAt: Duration
    }

    private static let sayEvery = Duration.seconds(60)
    /// How long the thread may stand still for one question about ends; nothing is asked for nine times as long then.
    private static let endQuestionMax = Duration.seconds(1)
    private static let endQuestionCount = 64

    // MARK: Idle topic partitions

    /// Whether its leader has said so lately that nothing was there when the watermark's time was over.
    func isEndConfirmed(_ index: Int32, within idle: Duration, now: Duration) -> Bool {
        sources[index].endConfirmedAt.map { now - $0 <= idle } ?? false
    }

    /// Asks whether nothing waits at the brokers for topic partitions of a table that seem idle; returns those of which
    /// their leader has said so.
    ///
    /// Nothing comes from a leader that cannot be reached, whatever waits there: that is no idleness, nor is it where
    /// nobody answers. Who is not asked yet comes the next time.
    func confirmEnds(of indices: [Int32], now: Duration) -> [Int32] {
        guard !indices.isEmpty, now >= nextEndQuestionAt else { return [] }
        let asked = Array(indices.prefix(Self.endQuestionCount))
        let start = clock.elapsed()
        let ends = source.currentEnds(of: asked.map(sources.name), timeout: Self.endQuestionMax)
        let end = clock.elapsed()
        nextEndQuestionAt = end + (end - start) * 9
        guard let ends else {
            // The one that is away holds the table's hours open, whatever the others do.
            for index in indices { sources[index].idleSince = end }
            return []
        }
        return asked.filter { index in
            let seen = max(sources[index].next, sources[index].endSeen)
            guard let end = ends[sources.name(index)], end <= seen else {
                (sources[index].idleSince, sources[index].endConfirmedAt) = (now, nil)
                return false
            }
            sources[index].endConfirmedAt = now
            return true
        }
    }

    // MARK: Topic partitions that are kept back

    /// Keeps what the broker said until events or the end of the topic partition come.
    func refused(_ name: TopicPartition, _ text: String) {
        logger.warning("source trouble", metadata: ["detail": "\(text)"])
        let indices = sources.indices.filter { index in
            let own = sources.name(index)
            return sources[index].phase == .consuming
                && (own == name || name.partition < 0 && own.topic == name.topic)
        }
        for index in indices {
            sources[index].isRefused = true
            refusals[index] = Refusal(text: text, sayAt: clock.elapsed() + Self.sayEvery)
        }
    }

    /// The broker hands it over again.
    func endRefusal(of index: Int32) {
        sources[index].isRefused = false
        refusals[index] = nil
        logger.notice("a topic partition is handed over again", metadata: ["partition": "\(sources.name(index))"])
    }

    /// Says again what holds topic partitions back, and asks again where nobody answered.
    func tendSources(_ now: Duration) throws(IngestFailure) {
        guard !refusals.isEmpty || !seeksDue.isEmpty, case .running = stage else { return }
        refusals = refusals.filter { sources[$0.key].isRefused && sources[$0.key].phase == .consuming }
        let due = refusals.filter { now >= $0.value.sayAt }.keys.sorted()
        if let first = due.first {
            logger.warning(
                "brokers do not hand topic partitions over",
                metadata: [
                    "partitions": "\(due.map(sources.name))", "detail": "\(refusals[first]?.text ?? "")",
                ])
        }
        do throws(SourceError) {
            for index in due {
                refusals[index]?.sayAt = now + Self.sayEvery
                // A source need not say again where the topic partition ends, unless it begins there anew.
                try source.seek(sources.name(index), to: sources[index].next)
            }
            for (index, at) in seeksDue.sorted(by: { $0.key < $1.key }) where now >= at {
                seeksDue[index] = nil
                guard sources[index].phase == .consuming else { continue }
                try source.seek(sources.name(index), to: sources[index].next)
            }
        } catch {
            throw .source(error)
        }
    }
}
