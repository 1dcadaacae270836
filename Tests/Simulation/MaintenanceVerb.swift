import Catalog
import Formats
import LakeModel
import Maintenance
import ObjectStorage

/// What can be done to a lake while writers write, as its process does it.
enum MaintenanceVerb: Sendable {
    case checkpoint
    /// Collects the log as far as the protocol allows, but for some entries.
    case collect(keep: Int64)
    case vacuum
    case compact
    case lifecycle
    case erase(SimulatedErasure)
    case replicate(prunes: Bool)
    /// Looks at the lake, the copy and the certificates as `varve verify` does.
    case verify([ErasureCertificate])

    var name: String {
        switch self {
        case .checkpoint: "checkpoint"
        case .collect(let keep): "collect the log but for \(keep)"
        case .vacuum: "vacuum"
        case .compact: "compact"
        case .lifecycle: "lifecycle"
        case .erase(let erasure): "erase \(erasure.condition)\(erasure.isPurged ? " at once" : "")"
        case .replicate(let prunes): prunes ? "replicate, prune" : "replicate"
        case .verify: "verify"
        }
    }
}

/// A request to erase: some events of one key, or some by a number in their payload.
struct SimulatedErasure: Sendable {
    var request: ErasureRequest
    var condition: String
    /// Whether old bytes go at once.
    var isPurged: Bool
    /// The model's own reading of the request.
    var matches: @Sendable (ProducedEvent) -> Bool

    init(_ random: inout SplitMix, events: Int) throws {
        isPurged = Int.random(in: 0..<4, using: &random) == 0
        if Bool.random(using: &random) {
            let key = "k\(Int.random(in: 0..<7, using: &random))"
            condition = "@key = \(key)"
            request = try ErasureRequest(where: condition)
            matches = { $0.key == Array(key.utf8) }
        } else {
            let numbers = (0..<5).map { _ in "\(Int.random(in: 0...events, using: &random))" }
            condition = "n = \(numbers.joined(separator: ", "))"
            request = try ErasureRequest(where: "n", ids: numbers)
            let values = Set(numbers.map { Array(#"{"n":\#($0)}"#.utf8) })
            matches = { $0.value.map(values.contains) ?? false }
        }
    }
}

/// What a process of maintenance has: its view of the table and of the copy, its clock, its chance.
struct MaintenanceMeans: Sendable {
    var table: Table
    var copy: Lake
    var clock: ProcessClock
    var writer: WriterIdentity
    var scenario: Scenario
    var truth: Truth
    var replica: ReplicaTruth

    /// Does it; certificates of erasure come back.
    func run(_ verb: MaintenanceVerb, seed: UInt64) async throws -> ErasureCertificate? {
        var random = SplitMix(seed: seed)
        switch verb {
        case .checkpoint: _ = try await table.checkpoint()
        case .collect(let keep):
            // By a clock that is not the store's.
            let unusedSince = clock.now().advanced(byMilliseconds: -600_000)
            _ = try await table.collectLog(through: await table.head().version - keep, unusedSince: unusedSince)
        case .vacuum:
            _ = try await Vacuum(table: table, policy: Self.vacuumPolicy, clock: clock)
                .run(id: CommitID(using: &random), writer: writer)
        case .compact: try await compact(&random)
        case .lifecycle:
            let lifecycle = Lifecycle(table: table, policy: scenario.lifecycle, clock: clock, writer: writer)
            try await lifecycle.apply(using: &random) { _ in }
        case .erase(let erasure): return try await erase(erasure, &random)
        case .replicate(let prunes): try await replicate(prunes: prunes)
        case .verify(let certificates): try await verify(certificates)
        }
        return nil
    }

    private func compact(_ random: inout SplitMix) async throws {
        var policy = CompactionPolicy()
        (policy.coldAfterMilliseconds, policy.targetBytes) = (10_000, 4096)
        policy.format = scenario.compactsTo
        let plan = try await CompactionPlan.make(try await table.snapshot(), policy: policy, now: clock.now())
        _ = try await Compactor(table: table, writer: writer).run(plan.groups, policy: policy, using: &random)
    }

    private func erase(_ erasure: SimulatedErasure, _ random: inout SplitMix) async throws -> ErasureCertificate {
        let id = CommitID(using: &random)
        truth.declare(
            Truth.Erasure(id: id.description, isPurged: erasure.isPurged, matches: erasure.matches))
        let eraser = Eraser(table: table, request: erasure.request, clock: clock, writer: writer)
        let report = try await eraser.run(id: id, using: &random)
        guard clock.life.isAlive else { throw CancellationError() }
        truth.certify(report.id.description, version: report.through ?? report.version)
        let policy = Self.vacuumPolicy
        let certificate = ErasureCertificate(
            table: table.name, request: erasure.request, report: report, writer: writer,
            salt: CommitID(using: &random), grace: policy.erasedAfter, olderGrace: policy.olderCopiesAfter)
        if erasure.isPurged { _ = try await eraser.purge(report.objects) }
        return certificate
    }

    private func replicate(prunes: Bool) async throws {
        let replicator = Replicator(table: table, target: copy, clock: clock)
        let report = try await replicator.run()
        guard clock.life.isAlive else { throw CancellationError() }
        replica.certify(version: report.to)
        if prunes { _ = try await replicator.prune(olderThan: .seconds(600)) }
    }

    private func verify(_ certificates: [ErasureCertificate]) async throws {
        let twin = try await copy.openExisting(table.name)
        for (name, table) in [("lake", table), ("copy", twin)] {
            let report = try await TableVerifier(table: table, depth: .everything).run { _, _ in }
            guard let finding = report.findings.first else { continue }
            truth.blame("verify of the \(name): \(finding.place): \(finding.detail)")
        }
        for certificate in certificates {
            let verifier = ErasureVerifier(table: table, certificate: certificate)
            let later = clock.now().advanced(byMilliseconds: 3_600_000)
            guard let finding = try await verifier.findings(key: nil, now: later).first else { continue }
            truth.blame("verify of erasure \(certificate.request): \(finding.place): \(finding.detail)")
        }
    }

    private static let vacuumPolicy: VacuumPolicy = {
        var policy = VacuumPolicy()
        (policy.removedAfter, policy.erasedAfter) = (SimulatedMaintenance.grace, SimulatedMaintenance.grace)
        (policy.orphansAfter, policy.uploadTimeMax) = (.seconds(40), .seconds(10))
        (policy.uploadsAfter, policy.logAfter) = (.seconds(900), .seconds(90))
        return policy
    }()
}
