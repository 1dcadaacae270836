import LakeModel
import ObjectStorage
import S3

/// Finds out what the store of a lake can do, and who we are to it.
struct StoreExamination {
    var settings: Settings
    var context: CommandContext

    func findings() async -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        if let credentials = await credentials() {
            findings.append(credentials)
            guard credentials.outcome != .failed else { return findings }
        }
        if case .directory(let path) = settings.lake, !StoreOpening.isDirectory(path) {
            // To try it would be to make it, whatever was meant.
            return [
                DoctorFinding(
                    area: .store, check: "open", outcome: .warning,
                    detail: "no directory is at \(path): 'varve run' makes it; check the path")
            ]
        }
        do {
            let store = try await StoreOpening.openKeepingVersions(settings, in: context)
            var random = SystemRandomNumberGenerator()
            let probe = StoreProbe(store: store, clock: context.clock, id: CommitID(using: &random))
            return findings + Self.findings(await probe.run())
        } catch {
            let line = CommandFailure(error).problems.first?.description ?? "\(error)"
            return findings + [DoctorFinding(area: .store, check: "open", outcome: .failed, detail: line)]
        }
    }

    /// Which identity the store will see; nil for stores that have none.
    private func credentials() async -> DoctorFinding? {
        guard case .s3(let bucket, let prefix) = settings.lake else { return nil }
        let opening = S3Opening(
            bucket: bucket, prefix: prefix, settings: settings.s3, environment: context.environment,
            clock: context.clock)
        do {
            let found = try await opening.credentials().credentials()
            let end = found.expiresAt.map { ", until \($0)" } ?? ""
            return DoctorFinding(area: .store, check: "credentials", outcome: .ok, detail: "\(found)\(end)")
        } catch {
            return DoctorFinding(area: .store, check: "credentials", outcome: .failed, detail: error.message)
        }
    }

    static func findings(_ report: ProbeReport) -> [DoctorFinding] {
        var findings = report.checks.map { check in
            let outcome: DoctorFinding.Outcome =
                switch check.outcome {
                case .passed: .ok
                case .failed: check.isRequired ? .failed : .warning
                case .notSupported, .skipped: .absent
                }
            return DoctorFinding(
                area: .store, check: check.name, outcome: outcome, detail: "\(check.detail); \(check.meaning)")
        }
        findings.append(
            DoctorFinding(
                area: .store, check: "exactly_once", outcome: report.supportsExactlyOnce ? .ok : .failed,
                detail: report.verdict))
        return findings
    }
}
