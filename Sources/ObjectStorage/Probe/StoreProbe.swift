public import LakeModel

/// Finds out by trying whether a store keeps the rules that a lake depends on (and some S3-compatibles only claim to).
///
/// Works under `_varve/probe/<id>/` and removes what it wrote. Takes some forty small requests.
public struct StoreProbe: Sendable {
    let store: any ObjectStore
    let clock: any LakeClock
    let folder: String
    private let writersMax = 8

    /// - Parameter id: unlike that of any probe before it on this store, a single key segment.
    public init(store: any ObjectStore, clock: any LakeClock, id: CommitID) {
        (self.store, self.clock) = (store, clock)
        folder = "_varve/probe/\(id)"
    }

    /// Runs all checks, or only those that exactly-once depends on. What goes wrong is in the report.
    public func run(onlyRequired: Bool = false) async -> ProbeReport {
        var report = ProbeReport(location: store.location, checks: [])
        let first = await run(Self.writeAndRead, in: &report)
        for check in Self.checks where check.isRequired || !onlyRequired {
            if first == .passed {
                await run(check, in: &report)
            } else {
                report.checks.append(check.answer(.skipped, "the store took no object"))
            }
        }
        if first == .passed { await run(Self.cleanUp, in: &report) }
        return report
    }

    /// One thing to try; `body` throws `Finding` for anything but success.
    struct Trial: Sendable {
        var name: String
        var isRequired = false
        /// What it means where it passes, and where it does not.
        var meaning: (passed: String, otherwise: String)
        var body: @Sendable (StoreProbe, inout ProbeReport) async throws -> String

        func answer(_ outcome: ProbeReport.Outcome, _ detail: String) -> ProbeReport.Check {
            ProbeReport.Check(
                name: name, outcome: outcome, detail: detail,
                meaning: outcome == .passed ? meaning.passed : meaning.otherwise, isRequired: isRequired)
        }
    }

    struct Finding: Error {
        var outcome: ProbeReport.Outcome
        var detail: String

        static func failed(_ detail: String) -> Finding { Finding(outcome: .failed, detail: detail) }
        static func notSupported(_ detail: String) -> Finding { Finding(outcome: .notSupported, detail: detail) }
    }

    @discardableResult
    private func run(_ trial: Trial, in report: inout ProbeReport) async -> ProbeReport.Outcome {
        var check: ProbeReport.Check
        do {
            check = trial.answer(.passed, try await trial.body(self, &report))
        } catch let finding as Finding {
            check = trial.answer(finding.outcome, finding.detail)
        } catch let error as StoreError where Self.isBesideThePoint(error) {
            check = trial.answer(.skipped, "\(error)")
            if trial.isRequired, report.failure == nil { report.failure = error }
        } catch {
            check = trial.answer(.failed, "\(error)")
        }
        report.checks.append(check)
        return check.outcome
    }

    /// Whether an error says nothing of what the store can do, so that another try may find out: it does not answer,
    /// or refuses these credentials, or has no such bucket (a put finds nothing).
    private static func isBesideThePoint(_ error: StoreError) -> Bool {
        [.unavailable, .throttled, .denied].contains(error.kind)
            || error.kind == .notFound && error.operation == "PutObject"
    }

    // MARK: Helpers of the trials

    func key(_ name: String) throws(Finding) -> ObjectKey {
        guard let key = ObjectKey("\(folder)/\(name)") else { throw .failed("not a key: \(folder)/\(name)") }
        return key
    }

    func content(_ key: ObjectKey) async throws -> String {
        String(decoding: try await store.get(key, range: nil, bytesMax: 1 << 20).bytes, as: UTF8.self)
    }

    /// Whether a put was refused as a conflict; `.failed` where the object changed although it was.
    func isRefused(_ body: String, to key: ObjectKey, when condition: PutCondition) async throws -> Bool {
        do {
            _ = try await store.put(Array(body.utf8), to: key, when: condition)
            return false
        } catch {
            guard error.kind == .conflict else { throw error }
            guard try await store.getIfPresent(key, bytesMax: 1 << 20)?.bytes == Array(body.utf8) else { return true }
            // The store met its own earlier success, where an answer was lost.
            if error.mayHaveHappened { return false }
            throw Finding.failed("refused the put but stored its body")
        }
    }

    /// How many of eight writers at once are told that they won.
    func winners(of key: ObjectKey, when condition: PutCondition) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            for writer in 0..<writersMax {
                group.addTask {
                    let body = "writer \(writer)"
                    do {
                        _ = try await store.put(Array(body.utf8), to: key, when: condition)
                        return body
                    } catch let error as StoreError where error.kind == .conflict || error.mayHaveHappened {
                        guard error.mayHaveHappened else { return nil }
                        return try await content(key) == body ? body : nil
                    }
                }
            }
            return try await group.reduce(into: []) { if let winner = $1 { $0.append(winner) } }
        }
    }
}
