public import Catalog
public import LakeModel
import ObjectStorage

/// Checks a certificate of erasure against the lake as it is now.
public struct ErasureVerifier: Sendable {
    public let table: Table
    public let certificate: ErasureCertificate

    public init(table: Table, certificate: ErasureCertificate) {
        (self.table, self.certificate) = (table, certificate)
    }

    /// What does not hold.
    ///
    /// - `key`: checks the signature; nil leaves it out.
    /// - `now`: from when on deadlines count.
    public func findings(key: CertificateKey?, now: Timestamp) async throws -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        func report(_ place: String, _ detail: String) {
            findings.append(VerifyFinding(.erasure, place, detail))
        }
        if let key, let fault = try certificate.signatureFault(key) { report("signature", fault) }
        guard certificate.table == table.name.description else {
            report("certificate", "it is of table \(certificate.table)")
            return findings
        }
        let snapshot = try await table.snapshot()
        guard certificate.version <= snapshot.version else {
            report("version \(certificate.version)", "the table has no such version")
            return findings
        }
        let paths = certificate.objects.map(\.before.path)
        for path in try await snapshot.objects(withPaths: Set(paths)).keys.sorted() {
            report(path, "it held erased events and is live")
        }
        let isArchive = try await table.isArchive()
        let keeper = isArchive ? ", or the archived table," : ""
        for held in certificate.held {
            report(held.before.path, "a legal hold\(keeper) keeps \(held.events) matching events")
        }
        for unread in certificate.unread ?? [] {
            report(unread.object.path, "it could not be looked into (\(unread.reason)): mend it, then erase again")
        }
        if now >= certificate.bytesGoneBy {
            for note in try await present(certificate.objects.map(\.before).filter { $0.adopted == nil }) {
                report(note.path, "its bytes should have been gone by \(certificate.bytesGoneBy); run varve vacuum")
            }
        }
        for note in try await present(certificate.objects.map(\.before).filter { $0.adopted != nil }) {
            report(note.adopted ?? note.path, "another program wrote it, and it holds erased events; delete it there")
        }
        findings += try await commitFindings(through: snapshot.version)
        if now >= certificate.olderCopiesGoneBy {
            findings += try await olderCopies(snapshot)
            findings += try await unfinishedCopies()
            findings += try await bounds()
        }
        return findings
    }

    /// Those whose bytes the store has.
    private func present(
        _ notes: [ErasureReport.ObjectNote]
    ) async throws(StoreError) -> [ErasureReport.ObjectNote] {
        var present: [ErasureReport.ObjectNote] = []
        for note in notes {
            guard let key = ObjectKey(note.adopted ?? "\(table.name)/\(note.path)") else { continue }
            do {
                _ = try await table.store.head(key)
                present.append(note)
            } catch  where error.kind == .notFound {
                continue
            }
        }
        return present
    }

    /// The commits as far as the log still reaches.
    private func commitFindings(through newest: Int64) async throws -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        for note in certificate.commits {
            guard note.version <= newest else {
                findings.append(VerifyFinding(.erasure, "commit \(note.version)", "the table has no such version"))
                continue
            }
            guard let commit = try await table.commits(note.version...note.version).first else { continue }
            if commit.id != note.id || commit.kind != .erase {
                findings.append(VerifyFinding(.erasure, "commit \(note.version)", "it is another commit"))
            }
        }
        return findings
    }

    /// What left the table after the erasure was live in its last snapshot, and looked through there.
    private func removedLater(_ snapshot: Snapshot) async throws -> Set<PathHash> {
        var later: Set<PathHash> = []
        var next = max(0, certificate.version) + 1
        while next <= snapshot.version {
            let last = min(snapshot.version, next + 255)
            for commit in try await table.commits(next...last) { later.formUnion(commit.remove.map { PathHash($0) }) }
            next = last + 1
        }
        return later.subtracting(certificate.objects.map { PathHash($0.before.path) })
    }

    /// Who was merging while the erasure went on may have uploaded what it had read before, and not come to its commit.
    private var copiesUntil: Timestamp {
        certificate.finishedAt.advanced(byMilliseconds: VacuumPolicy().uploadTimeMax.inMilliseconds)
    }

    private func unfinishedCopies() async throws(StoreError) -> [VerifyFinding] {
        try await table.store.listUploads(prefix: "\(table.name)/").filter { $0.startedAt < copiesUntil }.map {
            VerifyFinding(
                .erasure, $0.key.description,
                "an upload begun by then was left unfinished, and may hold what was erased; run varve vacuum")
        }
    }

    /// Log entries that tell between which texts the columns of erased objects lay.
    private func bounds() async throws -> [VerifyFinding] {
        let erased = Set(certificate.objects.map(\.before.path))
        var findings: [VerifyFinding] = []
        var last = erased.isEmpty ? 0 : certificate.version
        while last >= 1 {
            let first = max(1, last - 255)
            let commits = try await table.commits(first...last)
            for commit in commits where commit.add.contains(where: { erased.contains($0.path) && $0.tellsTexts }) {
                findings.append(
                    VerifyFinding(
                        .erasure, "commit \(commit.version)",
                        "its entry still tells bounds of columns that were erased from; run varve vacuum"))
            }
            // What is before was collected.
            guard !commits.isEmpty else { break }
            last = first - 1
        }
        return findings
    }

    /// Objects that may be from before the erasure and are not live: they may hold what was erased.
    private func olderCopies(_ snapshot: Snapshot) async throws -> [VerifyFinding] {
        var findings: [VerifyFinding] = []
        let later = try await removedLater(snapshot)
        let folder = "\(table.name)/".utf8.count
        for side in TableSide.allCases {
            var request = ListRequest(prefix: "\(table.name)/\(side.folder)/")
            while true {
                let page = try await table.store.list(request)
                let old = page.objects.filter { $0.modifiedAt < copiesUntil }.map {
                    String(decoding: $0.key.description.utf8.dropFirst(folder), as: UTF8.self)
                }
                let live = try await snapshot.objects(withPaths: Set(old))
                for path in old where live[path] == nil && PartitionPath(dataPath: path) != nil {
                    guard !later.contains(PathHash(path)) else { continue }
                    guard !path.hasSuffix("/_SUCCESS") else { continue }
                    findings.append(
                        VerifyFinding(.erasure, path, "it is not live, and may hold what was erased; run varve vacuum"))
                }
                guard let next = page.next else { break }
                request.continuation = next
            }
        }
        return findings
    }
}
