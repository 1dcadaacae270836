public import LakeModel

/// What became of one commit and of the objects in it, told when it has ended. Times are by `LakeClock.elapsed`.
public struct CommitTrace: Sendable {
    public struct Object: Sendable {
        public var path: String
        public var bytes: Int64
        public var records: Int64
        public var rotation: RotationReason?
        /// When its first event came, when it was sealed, and when the store had it.
        public var openedAt: Duration
        public var sealedAt: Duration
        public var storedAt: Duration
    }

    /// Objects beyond this are counted and not listed.
    public static let objectsMax = 64

    public var table: String
    public var id: CommitID
    /// Nil where it did not happen.
    public var version: Int64?
    public var events: Int64
    public var objectCount: Int
    public var objects: [Object]
    public var startedAt: Duration
    public var endedAt: Duration
    /// Why it did not happen; one line.
    public var failure: String?
}

/// Is told of every commit. Called on the ingest thread, so it must return at once and never wait.
public protocol IngestTracer: Sendable {
    func ended(_ trace: CommitTrace)
}

extension IngestLoop {
    func trace(_ table: TableWriter, _ cuts: [Cut], at now: Duration, version: Int64?, failure: String?) {
        guard let tracer, let id = table.commitID else { return }
        let objects = cuts.flatMap(\.objects)
        tracer.ended(
            CommitTrace(
                table: table.settings.name, id: id, version: version,
                events: CutQueue.joined(cuts).reduce(0) { $0 + $1.events }, objectCount: objects.count,
                objects: objects.prefix(CommitTrace.objectsMax).map { object in
                    CommitTrace.Object(
                        path: object.path, bytes: object.stored?.bytes ?? 0, records: object.records,
                        rotation: object.sealed, openedAt: object.openedAt,
                        sealedAt: object.sealedAt ?? object.openedAt, storedAt: object.storedAt ?? now)
                },
                startedAt: table.lastCommitAt, endedAt: now, failure: failure))
    }
}
