import LakeModel
import Logging
import ObjectStorage

/// Who has a version.
enum Settlement {
    case won
    case lost(Commit)
}

extension Table {
    /// Puts a log entry and finds out for certain whose it is.
    func settle(_ commit: Commit, _ attempt: inout CommitAttempt) async throws(CatalogError) -> Settlement {
        let key = try keys.entry(commit.version)
        let body = try CatalogJSON.encode(commit)
        guard body.count <= options.entryBytesMax else {
            throw .invalid("the commit takes \(body.count) bytes, more than \(options.entryBytesMax); split it")
        }
        // True as soon as one put may still take effect. From then on no error may say that nothing happened.
        var ambiguous = false
        for _ in 0..<options.attemptsMax {
            var why = "the store says it took the entry, but does not show it"
            var isLost = false
            do {
                _ = try await store.put(body, to: key, when: .absent)
                guard options.paranoid else { return .won }
                ambiguous = true
            } catch {
                ambiguous = ambiguous || error.mayHaveHappened
                attempt.isAmbiguous = ambiguous
                guard ambiguous || error.kind == .conflict else { throw CatalogError.store(error) }
                why = error.description
                isLost = true
            }
            do throws(CatalogError) {
                if let entry = try await reader.entry(commit.version) {
                    guard entry.id == commit.id else { return .lost(entry) }
                    attempt.settledByReading = isLost
                    return .won
                }
            } catch {
                guard ambiguous else { throw error }
                why = error.description
            }
            try await pause(&attempt, ambiguous: ambiguous, why: why)
        }
        guard ambiguous else { throw .contention(attempts: options.attemptsMax) }
        throw unsettled(commit.version, "no clear answer in \(options.attemptsMax) attempts")
    }

    /// Whether a commit that has its version is above the boundary. Below it, it proves nothing: the log was collected
    /// past it, before our put or after it.
    func happened(_ commit: Commit, _ attempt: inout CommitAttempt) async throws(CatalogError) -> Bool {
        while true {
            let boundary: Boundary
            do {
                boundary = try await reader.boundary()
            } catch .store(let error) {
                try await pause(&attempt, ambiguous: true, why: error.description, version: commit.version)
                continue
            } catch {
                throw unsettled(commit.version, error.description)
            }
            if boundary.version < commit.version { return true }
            logger.warning(
                "the log was collected past this commit, so it does not count",
                metadata: ["commit": "\(commit.id)", "version": "\(commit.version)", "boundary": "\(boundary.version)"])
            guard !attempt.settledByReading else {
                throw unsettled(commit.version, "the log was collected up to \(boundary.version) meanwhile")
            }
            return false
        }
    }

    func unsettled(_ version: Int64, _ reason: String) -> CatalogError {
        isStale = true
        return .unsettled(version: version, reason: reason)
    }

    /// Waits a random while, or throws where the deadline is over or the task was cancelled.
    func pause(
        _ attempt: inout CommitAttempt, ambiguous: Bool, why: String, version: Int64? = nil
    ) async throws(CatalogError) {
        let version = version ?? state.head.version + 1
        let wait = attempt.backoff.next(base: options.backoffBase, max: options.backoffMax)
        let overdue = clock.elapsed() + wait > attempt.deadline
        if !overdue, (try? await clock.sleep(for: wait)) != nil { return }
        guard ambiguous else {
            if overdue { throw .contention(attempts: attempt.attempts) }
            throw .cancelled
        }
        throw unsettled(version, overdue ? why : "the task was cancelled")
    }
}

/// Random pauses that grow: each is drawn from zero up to a bound that doubles (full jitter).
struct Backoff: Sendable {
    private var random: SplitMix
    private var round = 0

    /// Commit ids are random already, so they seed the pauses: no two writers wait in step, and a test repeats.
    init(seed id: CommitID) {
        random = SplitMix(seed: id.description.utf8.reduce(0) { ($0 &* 31) &+ UInt64($1) })
    }

    mutating func next(base: Duration, max longest: Duration) -> Duration {
        let bound = min(longest, base * (1 << min(round, 20)))
        round += 1
        return bound * Double.random(in: 0..<1, using: &random)
    }
}
