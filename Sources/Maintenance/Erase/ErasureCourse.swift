import Catalog
import LakeModel

/// What an erasure has looked through, and what others did meanwhile that is not its matter any more.
struct ErasureCourse {
    private var paths: Set<PathHash> = []
    private var gone: Set<PathHash> = []
    /// Looked through, with matches.
    private var matching: Set<PathHash> = []
    /// Written by the erasure itself.
    private var written: Set<PathHash> = []
    /// The version whose events all have to be looked at; nil as long as that is the newest of each round.
    private(set) var through: Int64?
    /// Objects that hold no event of `through` that can match.
    private var later: Set<PathHash> = []
    /// The last version whose commit was read for `later`.
    private var readTo: Int64 = 0
    /// Nil where the table is no archive.
    private(set) var bound: ArchiveBound?

    init(bound: ArchiveBound? = nil) { self.bound = bound }

    /// From now on only what became of the objects of this version is followed.
    mutating func end(at version: Int64) {
        guard through == nil else { return }
        (through, readTo) = (version, version)
    }

    /// False for what was looked through before.
    mutating func insert(_ object: DataObject) -> Bool { paths.insert(PathHash(object.path)).inserted }

    /// What was found, with what an archive does not let go.
    func judged(_ scan: ObjectScan) -> ObjectScan {
        guard let bound else { return scan }
        var scan = scan
        scan.isArchived = true
        scan.isOfTable = bound.keeps(scan.object)
        return scan
    }

    /// What could not be looked into may have matches.
    mutating func note(_ scan: ObjectScan) {
        if scan.matches > 0 || scan.unreadReason != nil { matching.insert(PathHash(scan.object.path)) }
    }

    mutating func wrote(_ path: String) { written.insert(PathHash(path)) }

    func isOwn(_ object: DataObject) -> Bool { written.contains(PathHash(object.path)) }

    func isLater(_ object: DataObject) -> Bool { later.contains(PathHash(object.path)) }

    /// The first time an object is missing, others may have rewritten it; live in the next snapshot, it is lost.
    mutating func noteGone(_ object: DataObject) throws(ReadError) {
        paths.remove(PathHash(object.path))
        guard gone.insert(PathHash(object.path)).inserted else { throw .missing(path: object.path) }
    }

    /// Reads what commits behind `through` have added: what took no place, or only that of objects without matches,
    /// holds none of before. Where the log lacks entries nothing more is left out.
    mutating func follow(_ table: Table, to newest: Int64) async throws {
        try await bound?.follow(table, to: newest)
        guard through != nil else { return }
        while readTo < newest {
            let last = min(newest, readTo + 256)
            let commits = try await table.commits(readTo + 1...last)
            guard commits.count == Int(last - readTo) else { return }
            for commit in commits where commit.remove.allSatisfy({ isWithoutMatches(PathHash($0)) }) {
                for object in commit.add { later.insert(PathHash(object.path)) }
            }
            readTo = last
        }
    }

    private func isWithoutMatches(_ path: PathHash) -> Bool {
        later.contains(path) || written.contains(path) || paths.contains(path) && !matching.contains(path)
    }
}
