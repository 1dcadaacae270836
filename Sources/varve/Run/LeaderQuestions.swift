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
    private var silent: [TopicPartition: Int] = [:]
    private var rounds = 0
    private var shortUntil = Duration.zero

    /// Topic partitions without an answer are missing in the result.
    ///
    /// - Parameters:
    ///   - now: a clock that never goes back.
    ///   - question: takes no longer than it is told; nil where no leader answered.
    mutating func ask<Answer>(
        _ names: [TopicPartition], now: () -> Duration,
        _ question: (TopicPartition, Duration) throws(SourceError) -> Answer?
    ) throws(SourceError) -> [TopicPartition: Answer] {
        rounds += 1
        let start = now()
        let total = start < shortUntil ? Self.shortRoundMax : Self.roundMax
        // The first ones asked may be without a leader, and the others not.
        var longest = total / 2
        var answers: [TopicPartition: Answer] = [:]
        let inTurn = names.sorted { (silent[$0] ?? 0, $0) < (silent[$1] ?? 0, $1) }
        for name in inTurn {
            let left = min(longest, start + total - now())
            guard left > .zero else { break }
            if let answer = try question(name, left) {
                answers[name] = answer
                silent[name] = nil
            } else {
                silent[name] = rounds
                longest = min(longest, Self.questionMax)
            }
        }
        if answers.count < names.count { shortUntil = now() + Self.soon }
        return answers
    }
}
