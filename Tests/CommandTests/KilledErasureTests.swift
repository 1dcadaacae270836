import Foundation
import LakeModel
import Maintenance
import TestSupport
import Testing

@testable import varve

@Suite("varve erase, killed", .enabled(if: builtProgram != nil, "needs .build/debug/varve"))
struct KilledErasureTests {
    private let erase = ["erase", "--table", "orders", "--where", "n = 17", "--grace", "0s"]

    private func proof(_ file: String) throws -> ErasureCertificate {
        try ErasureCertificate.decode(Array(try Data(contentsOf: URL(filePath: file))))
    }

    private func holdsOldBytes(_ lake: SplitLake) throws -> Bool {
        try lake.files().contains { $0.hasSuffix("orders-0-10.ndjson.zst") }
    }

    @Test("killed around its deletion it leaves no proof, and the same command finishes it")
    func finished() async throws {
        for (failpoint, isLeft) in [("after_commit", true), ("before_delete", true), ("after_delete", false)] {
            let lake = try await SplitLake()
            let file = lake.directory.path + "/certificate.json"
            let command = erase + ["--yes", "--certificate", file]
            let child = try ChildProcess(
                [try #require(builtProgram)] + command + ["--lake", lake.url],
                environment: ["VARVE_FAILPOINT": failpoint])
            #expect(try await child.wait() == -SIGKILL, "\(child.standardError)")
            #expect(FileManager.default.contents(atPath: file)?.isEmpty == true)
            #expect(try holdsOldBytes(lake) == isLeft, "\(failpoint)")

            let planned = await lake.run(erase)
            #expect(planned.errors.contains("0 events in 0 objects match"), "\(planned.errors)")
            let words = "old bytes of 1 objects that earlier erasures replaced are still there"
            #expect(planned.errors.contains(words) == isLeft, "\(planned.errors)")
            let again = await lake.run(command)
            #expect(again.status == .success, "\(again.errors)")
            let done = "old bytes of 1 objects that earlier erasures had replaced are deleted too"
            #expect(again.errors.contains(done) == isLeft, "\(again.errors)")
            #expect(try !holdsOldBytes(lake), "\(failpoint)")
            let proof = try proof(file)
            #expect(proof.eventsErased == 0 && proof.bytesGoneBy >= proof.finishedAt)
            #expect(await lake.run(["verify", "--erasure", file]).status == .success)
            #expect(await lake.run(["verify", "--deep"]).status == .success)
        }
    }

    @Test("old bytes in their grace are left alone without --grace 0s, and deleted with it")
    func grace() async throws {
        let lake = try await SplitLake()
        let (first, second) = (lake.directory.path + "/first.json", lake.directory.path + "/second.json")
        let patient = Array(erase.dropLast(2))
        #expect(await lake.run(patient + ["--yes", "--certificate", first]).status == .success)
        #expect(await !lake.run(patient).errors.contains("old bytes"))
        #expect(try holdsOldBytes(lake))
        #expect(await lake.run(erase + ["--yes", "--certificate", second]).status == .success)
        #expect(try !holdsOldBytes(lake))
        let (kept, gone) = (try proof(first), try proof(second))
        #expect(kept.bytesGoneBy == kept.finishedAt.advanced(byMilliseconds: 86_400_000))
        #expect(gone.bytesGoneBy < gone.finishedAt.advanced(byMilliseconds: 60_000))
    }
}
