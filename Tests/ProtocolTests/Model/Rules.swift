/// The protocol's rules, each of which a mutation can take away to show that the model would notice.
struct Rules {
    enum Mutation: String, CaseIterable, Sendable {
        case boundaryNotReadAfterPut = "the boundary is not read after a put"
        case boundaryNotReadAfterReplay = "the boundary is not compared after a replay"
        case deletesBeforeBoundary = "log entries are deleted before the boundary moves"
        case noHorizonCheck = "the horizon is not checked"
        case vacuumWithoutCommit = "vacuum deletes without a commit"
        case conflictIsFailure = "a conflict counts as a failure, unread"
        case conflictIsSuccess = "a conflict counts as one's own success, unread"
        case ambiguousIsSuccess = "an ambiguous answer counts as success"
        case ambiguousIsFailure = "an ambiguous answer counts as failure"
        case noOffsetCheck = "offsets are not compared with the next ones"
        case noRemovalCheck = "removed objects need not be live"
        case doubtIsFailure = "a change that fits no more counts as failed, although a put of it was collected past"
    }

    var mutation: Mutation?
    /// The boundary may move up to the newest entry, which the protocol does not do, though it could.
    var boundaryReachesNewest = false

    func lacks(_ mutation: Mutation) -> Bool { self.mutation == mutation }
}
