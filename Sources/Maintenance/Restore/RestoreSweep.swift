import LakeModel

/// A stretch of work: objects to read, and which of their events to send.
struct RestoreStep {
    var objects: [DataObject]
    /// Offsets of each topic partition; ranges of one step follow those of the step before.
    var windows: [TopicPartition: Range<Int64>]
}

/// Cuts objects that overlap by offset into steps that follow one another, so that each topic partition is sent in
/// order while only a step's events are in memory.
///
/// Objects are gone through by event time. A step ends, for each topic partition, where the first offset of any later
/// object lies. An object that reaches further is read again in a later step, once its events are due.
struct RestoreSweep {
    private let objects: [DataObject]
    private let stepBytesMax: Int64
    private var state: RestoreState
    /// For each topic partition: the objects that hold some of it, and the least first offset from there on.
    private var ahead: [TopicPartition: Ahead] = [:]
    private var position = 0
    /// Objects that hold events beyond the last step.
    private var open: [Int] = []
    /// Where the next wanted event of an open object lies at the least, as far as reading has shown.
    private var due: [Int: [TopicPartition: Int64]] = [:]

    private struct Ahead {
        var indices: [Int] = []
        var least: [Int64] = []
        var cursor = 0
    }

    init(_ objects: [DataObject], state: RestoreState, stepBytesMax: Int64) {
        self.objects = objects.sorted { a, b in
            let (x, y) = (a.eventTime?.min.milliseconds ?? .min, b.eventTime?.min.milliseconds ?? .min)
            return x == y ? a.path < b.path : x < y
        }
        (self.state, self.stepBytesMax) = (state, max(1, stepBytesMax))
        for (index, object) in self.objects.enumerated() {
            for span in object.offsets where state.sources[span.topicPartition] != nil {
                ahead[span.topicPartition, default: Ahead()].indices.append(index)
                ahead[span.topicPartition, default: Ahead()].least.append(span.first)
            }
        }
        for source in ahead.keys {
            guard var list = ahead[source] else { continue }
            for index in list.least.indices.dropLast().reversed() {
                list.least[index] = min(list.least[index], list.least[index + 1])
            }
            ahead[source] = list
        }
    }

    /// The next step that has anything to read; nil at the end.
    mutating func next() -> RestoreStep? {
        while position < objects.count {
            var bytes: Int64 = 0
            var taken: [Int] = []
            repeat {
                bytes += objects[position].bytes
                taken.append(position)
                position += 1
            } while position < objects.count && bytes + objects[position].bytes <= stepBytesMax
            let windows = advance()
            let candidates = open + taken
            open = candidates.filter { isOpen($0) }
            let due = candidates.filter { isDue($0, in: windows) }
            guard !due.isEmpty else { continue }
            return RestoreStep(objects: due.map { objects[$0] }, windows: windows)
        }
        return nil
    }

    /// Notes that an object has no event of a topic partition from the last step's end to before `offset`.
    mutating func note(_ object: DataObject, _ source: TopicPartition, nextAt offset: Int64) {
        guard let index = open.first(where: { objects[$0].path == object.path }) else { return }
        due[index, default: [:]][source] = offset
    }

    /// Moves every topic partition to where the objects that are still ahead begin.
    private mutating func advance() -> [TopicPartition: Range<Int64>] {
        var windows: [TopicPartition: Range<Int64>] = [:]
        for (source, stand) in state.sources {
            var end = stand.end
            if var list = ahead[source] {
                while list.cursor < list.indices.count, list.indices[list.cursor] < position { list.cursor += 1 }
                if list.cursor < list.indices.count { end = min(end, list.least[list.cursor]) }
                ahead[source] = list
            }
            guard end > stand.next else { continue }
            windows[source] = stand.next..<end
            state.sources[source]?.next = end
        }
        return windows
    }

    /// Whether events of the object lie beyond the windows so far.
    private func isOpen(_ index: Int) -> Bool {
        objects[index].offsets.contains { span in
            guard let stand = state.sources[span.topicPartition] else { return false }
            return span.last >= stand.next && stand.next < stand.end
        }
    }

    private func isDue(_ index: Int, in windows: [TopicPartition: Range<Int64>]) -> Bool {
        objects[index].offsets.contains { span in
            guard let window = windows[span.topicPartition], span.first < window.upperBound,
                span.last >= window.lowerBound
            else { return false }
            return (due[index]?[span.topicPartition] ?? window.lowerBound) < window.upperBound
        }
    }
}
