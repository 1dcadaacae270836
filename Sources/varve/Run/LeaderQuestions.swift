import Ingest
import LakeModel

/// Asks about topic partitions one after the other, on the ingest thread, which stands still meanwhile: for so long at
/// most, however many have no leader. Who is not asked in time stays unanswered, and comes first the next time.
struct LeaderQuestions {
    /// All questions of a round together.
    static let roundMax = Duration.seconds(10)
    /// Of a round soon after one in which some leader did not answer: for the next table.
    static let shortRoundMax = Duration.seconds(1)
    static let soon = Duration.seconds(5)
    /// One question, once another one of its round was not answered.
    static let questionMax = Duration.milliseconds(200)

    /// Topic partitions that nobody answered for, with the round in which they were asked last.
    private(set) var silent: [TopicPartition: Int] = [:]
    private var rounds = 0
    private var shortUntil = Duration.zero

    /// Topic partitions without an answer are missing in the result.
    ///
    /// A question that is put for several topic partitions at once fails for all of them where one has no leader: they
    /// are then asked one after the other, as is who did not answer the last time.
    ///
    /// - Parameters:
    ///   - now: a clock that never goes back.
    ///   - question: answers for all that it is given, or is nil; takes no longer than it is told.
    mutating func ask<Answer>(
        _ names: [TopicPartition], groupMax: Int, now: () -> Duration,
        _ question: ([TopicPartition], Duration) throws(SourceError) -> [TopicPartition: Answer]?
    ) throws(SourceError) -> [TopicPartition: Answer] {
        rounds += 1
        let start = now()
        let total = start < shortUntil ? Self.shortRoundMax : Self.roundMax
        // The first ones asked may be without a leader, and the others not.
        var longest = total / 2
        var answers: [TopicPartition: Answer] = [:]
        var waiting = names.sorted { (silent[$0] ?? 0, $0) < (silent[$1] ?? 0, $1) }[...]
        /// So many of the next ones are asked alone.
        var alone = 0
        while let first = waiting.first {
            let left = min(longest, start + total - now())
            guard left > .zero else { break }
            let countMax = alone > 0 || silent[first] != nil ? 1 : groupMax
            let group = Array(waiting.prefix(countMax).prefix { silent[$0] == nil || countMax == 1 })
            if let found = try question(group, left) {
                answers.merge(found) { $1 }
                for name in group { silent[name] = nil }
            } else {
                longest = min(longest, Self.questionMax)
                guard group.count == 1 else {
                    alone = group.count
                    continue
                }
                silent[first] = rounds
            }
            waiting.removeFirst(group.count)
            alone = max(0, alone - group.count)
        }
        if silent.count > 2 * names.count + 64 { silent = silent.filter { rounds - $0.value < 1000 } }
        if answers.count < names.count { shortUntil = now() + Self.soon }
        return answers
    }
}
