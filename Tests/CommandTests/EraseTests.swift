import Foundation
import LakeModel
import Maintenance
import TestSupport
import Testing

@testable import varve

@Suite("varve erase and varve lifecycle")
struct EraseTests {
    private let key = "ed25519:" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

    @Test("a plan counts; with --yes the events are gone and the certificate holds")
    func wholeWay() async throws {
        let lake = try await SplitLake()
        let file = lake.directory.path + "/certificate.json"
        let condition = ["--table", "orders", "--where", "n = 17"]
        let planned = await lake.run(["erase"] + condition + ["--output", "csv"])
        #expect(planned.status == .success, "\(planned.errors)")
        #expect(planned.output.split(separator: "\n").count == 2)
        #expect(planned.errors.contains("orders: 1 events in 1 objects match, of 40 in 4"))
        #expect(!planned.errors.contains("is it right?"))
        let mistyped = await lake.run(["erase", "--table", "orders", "--where", "m = 17"])
        #expect(mistyped.errors.contains("no event that was read has the field /m:"), "\(mistyped.errors)")
        #expect(await lake.run(["cat", "orders"]).output == lake.expected)

        let environment = ["VARVE_ERASURE_SIGNING_KEY": key]
        let erased = await lake.run(
            ["erase"] + condition + ["--yes", "--certificate", file, "--grace", "0s"], environment: environment)
        #expect(erased.status == .success, "\(erased.errors)")
        #expect(erased.errors.contains("orders: erased 1 events from 1 objects"), "\(erased.errors)")
        #expect(erased.errors.contains("version 5 holds none\n"), "\(erased.errors)")
        let named = await lake.run(["cat", "orders", "--at", "5"])
        #expect(named.status == .success && !named.output.contains("\"n\":17}"), "\(named.errors)")
        let expected = lake.expected.split(separator: "\n").filter { !$0.contains("\"n\":17}") }
        #expect(await lake.run(["cat", "orders"]).output.split(separator: "\n") == expected)
        #expect(try lake.files().count { $0.hasPrefix("orders/data/") } == 4)

        let verified = await lake.run(["verify", "--erasure", file], environment: environment)
        #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
        #expect(await lake.run(["verify", "--deep"]).status == .success)
        let other = "ed25519-public:" + String(repeating: "ab", count: 32)
        #expect(await lake.run(["verify", "--erasure", file, "--signed-by", other]).status == .checkFailed)
    }

    @Test("a certificate that was changed is found out without a key, and one that is not signed says so")
    func changed() async throws {
        let lake = try await SplitLake()
        let file = lake.directory.path + "/certificate.json"
        let erase = ["erase", "--table", "orders", "--where", "n = 17", "--yes", "--certificate"]
        let erased = await lake.run(erase + [file], environment: ["VARVE_ERASURE_SIGNING_KEY": key])
        #expect(erased.status == .success, "\(erased.errors)")
        let own = await lake.run(["verify", "--erasure", file])
        #expect(own.status == .success && own.errors.contains("by the certificate's own word"), "\(own.errors)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for (old, new, status, words) in [
            ("\"events_erased\" : 1", "\"events_erased\" : 0", ExitStatus.checkFailed, "1 findings"),
            ("\"events_erased\" : 1", "\"events_erased\" : 1, \"extra\" : 1", .usage, "no signature covers"),
        ] {
            let changed = text.replacing(old, with: new)
            #expect(changed != text)
            try changed.write(toFile: file, atomically: true, encoding: .utf8)
            let verified = await lake.run(["verify", "--erasure", file])
            #expect(verified.status == status && verified.errors.contains(words), "\(verified.errors)")
        }
        let plain = lake.directory.path + "/plain.json"
        _ = await lake.run(erase + [plain])
        #expect(await lake.run(["verify", "--erasure", plain]).errors.contains("is not signed"))
        for flags in [["orders"], ["--deep"], ["--kafka"]] {
            #expect(await lake.run(["verify", "--erasure", plain] + flags).status == .usage)
        }
        #expect(await lake.run(["verify", "--signed-by", "ed25519-public:00"]).status == .usage)
    }

    @Test("what legal holds keep is said beside the version, and older copies have the longest grace of vacuum")
    func heldBack() async throws {
        let lake = try await SplitLake()
        let certificate = lake.directory.path + "/certificate.json"
        let yaml = """
            tables:
              - name: orders
                vacuum: { removed_after: 1h, orphans_after: 2d, uploads_after: 1d }
                lifecycle:
                  holds:
                    - { name: case }
            """
        let file = lake.directory.path + "/v.yaml"
        let erased = await lake.run(
            [
                "erase", "--config", file, "--table", "orders", "--where", "n = 17", "--yes", "--certificate",
                certificate,
            ], files: [file: yaml])
        #expect(erased.status == .checkFailed)
        #expect(
            erased.errors.contains("version 4 holds none but in 1 objects that legal holds keep"), "\(erased.errors)")
        let bytes = try Data(contentsOf: URL(filePath: certificate))
        let proof = try ErasureCertificate.decode(Array(bytes))
        #expect(
            proof.olderCopiesGoneBy == proof.finishedAt.advanced(byMilliseconds: 3 * 86_400_000),
            "an object that nobody commits stays for orphans_after, from the end of its upload")
    }

    @Test("a run that fails half-way says what it has done, and leaves no old bytes where none may stay")
    func failedHalfWay() async throws {
        let lake = try await SplitLake()
        let lost = try #require(try lake.files().first { $0.hasSuffix("orders-0-30.ndjson.zst") })
        try FileManager.default.removeItem(atPath: lake.directory.path + "/" + lost)
        let file = lake.directory.path + "/c.json"
        let erased = await lake.run([
            "erase", "--table", "orders", "--where", "n = 17", "--yes", "--certificate", file, "--grace", "0s",
        ])
        #expect(erased.status == .dataError, "\(erased.errors)")
        #expect(
            erased.errors.contains(
                "orders: erased 1 events from 1 objects before it failed; their old bytes are deleted; run it again"),
            "\(erased.errors)")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try !lake.files().contains { $0.hasSuffix("orders-0-10.ndjson.zst") })
    }

    @Test("a reader who goes away takes neither the proof nor the deletion nor the exit status with him")
    func notRead() async throws {
        let lake = try await SplitLake()
        let lost = try #require(try lake.files().first { $0.hasSuffix("orders-0-30.ndjson.zst") })
        let broken = URL(filePath: lake.directory.path + "/" + lost)
        try Data(repeating: 7, count: try Data(contentsOf: broken).count).write(to: broken)
        let file = lake.directory.path + "/c.json"
        let erased = await lake.run(
            [
                "erase", "--table", "orders", "--where", "n = 17", "--yes", "--certificate", file, "--grace", "0s",
            ], isRead: false)
        #expect(erased.status == .checkFailed, "\(erased.errors)")
        #expect(erased.errors.contains("holds none but in 1 objects that could not be looked into"))
        let proof = try ErasureCertificate.decode(Array(try Data(contentsOf: URL(filePath: file))))
        #expect(proof.eventsErased == 1 && proof.unread?.count == 1)
        #expect(try !lake.files().contains { $0.hasSuffix("orders-0-10.ndjson.zst") })
        #expect(await lake.run(["verify", "orders", "--deep"], isRead: false).status == .checkFailed)
        #expect(await lake.run(["verify", "--erasure", file], isRead: false).status == .checkFailed)
    }

    @Test("values come from a file, and stand neither in the certificate nor in the log")
    func ids() async throws {
        let lake = try await SplitLake()
        let (file, ids) = (lake.directory.path + "/certificate.json", lake.directory.path + "/ids.txt")
        try Data("k3\r\n k31 \n\n".utf8).write(to: URL(filePath: ids))
        let erased = await lake.run([
            "erase", "--table", "orders", "--where", "@key", "--ids", ids, "--yes", "--certificate", file,
        ])
        #expect(erased.status == .success, "\(erased.errors)")
        let left = await lake.run(["cat", "orders"]).output
        #expect(!left.contains("\"k3\"") && !left.contains("\"k31\"") && left.contains("\"k30\""))
        let certificate = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        #expect(!certificate.contains("k31"))
        let history = await lake.run(["lifecycle", "history", "orders", "--output", "csv"])
        #expect(history.output.contains(",erase,"), "\(history.errors)")
        #expect(!history.output.contains("k31"))
    }

    @Test("where the proof could not be kept nothing is erased", arguments: ["gone/u.json", "taken.json"])
    func noPlaceForTheProof(name: String) async throws {
        let lake = try await SplitLake()
        let taken = lake.directory.path + "/taken.json"
        try Data("an earlier proof".utf8).write(to: URL(filePath: taken))
        let erased = await lake.run([
            "erase", "--table", "orders", "--where", "n = 17", "--yes", "--certificate",
            lake.directory.path + "/" + name,
        ])
        #expect(erased.status == .cannotCreate && erased.errorLines.count == 1, "\(erased.errors)")
        #expect(await lake.run(["cat", "orders"]).output == lake.expected)
        #expect(FileManager.default.contents(atPath: taken) == Data("an earlier proof".utf8))
    }

    @Test("a key that cannot sign, and a grace that only vacuum could keep, are refused")
    func refused() async throws {
        let lake = try await SplitLake()
        let erase = [
            "erase", "--table", "orders", "--where", "n = 17", "--yes", "--certificate",
            lake.directory.path + "/c.json",
        ]
        let publicKey = "ed25519-public:" + String(repeating: "ab", count: 32)
        let unsigned = await lake.run(erase, environment: ["VARVE_ERASURE_SIGNING_KEY": publicKey])
        #expect(unsigned.status == .configuration, "\(unsigned.errors)")
        #expect(await lake.run(erase + ["--grace", "1h"]).status == .usage)
        #expect(await lake.run(["cat", "orders"]).output == lake.expected)
    }

    @Test("rules of the configuration are planned and applied")
    func lifecycle() async throws {
        let lake = try await SplitLake()
        let yaml = """
            tables:
              - name: orders
                lifecycle:
                  rules:
                    - { name: pack, do: recompress, after: 0s, level: 9 }
            """
        let file = lake.directory.path + "/v.yaml"
        let files = [file: yaml]
        let planned = await lake.run(["lifecycle", "plan", "--config", file, "--output", "csv"], files: files)
        #expect(planned.output.split(separator: "\n").count { $0.contains("orders,pack,compress at level 9") } == 4)
        let applied = await lake.run(["lifecycle", "apply", "--yes", "--config", file], files: files)
        #expect(applied.status == .success, "\(applied.errors)")
        #expect(applied.errors.contains("4 objects changed"))
        #expect(await lake.run(["cat", "orders"]).output == lake.expected)
        let again = await lake.run(["lifecycle", "apply", "--yes", "--config", file], files: files)
        #expect(again.errors.contains("0 objects changed"))
    }

    @Test("with Bloom filters a plan says what was ruled out, and how")
    func bloomFilters() async throws {
        let lake = try await SplitLake()
        let yaml = """
            tables:
              - name: orders
                compact: { format: parquet, cold_after: 0s }
                parquet: { bloom_filters: ["@key"] }
            """
        let file = lake.directory.path + "/v.yaml"
        let files = [file: yaml]
        let compacted = await lake.run(["compact", "--config", file], files: files)
        #expect(compacted.status == .success, "\(compacted.errors)")
        let erase = ["erase", "--config", file, "--table", "orders"]
        let planned = await lake.run(erase + ["--where", "@key = zzz"], files: files)
        #expect(planned.errors.contains("ruled out: 1 objects by their bounds in the catalog"), "\(planned.errors)")
        #expect(planned.errors.contains("read: 0 objects"))
        let read = await lake.run(erase + ["--where", "n = 17"], files: files)
        #expect(read.errors.contains("orders: 1 events in 1 objects match, of 40 in 1"), "\(read.errors)")
    }

    @Test("an archive gets old objects, which expire then, and is a lake of its own")
    func archive() async throws {
        let lake = try await SplitLake()
        let archived = try ArchivedSettings(for: lake, rules: "[{ name: keep, do: expire, after: 0s }]")
        let (file, files) = (archived.file, archived.files)
        let planned = await lake.run(["lifecycle", "plan", "--config", file, "--output", "csv"], files: files)
        #expect(planned.output.split(separator: "\n").count { $0.contains("orders,archive,archive") } == 4)
        #expect(planned.errors.contains("8 objects ("), "\(planned.errors)")
        let applied = await lake.run(
            ["lifecycle", "apply", "--yes", "--config", file, "--output", "json"], files: files)
        #expect(applied.status == .success, "\(applied.errors)")
        #expect(await lake.run(["cat", "orders"]).output.isEmpty)
        #expect(await archived.run(["cat", "orders"]).output == lake.expected)
        let verified = await archived.run(["verify", "--deep"])
        #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
        #expect(await archived.run(["lifecycle", "history", "orders"]).output.contains("archive 4 objects of"))
        let again = await lake.run(["lifecycle", "apply", "--yes", "--config", file], files: files)
        #expect(again.errors.contains("0 objects changed"), "\(again.errors)")
    }

    @Test("an erasure says what it means for an archive; a plan lists what will leave that")
    func erasedFromAnArchive() async throws {
        let lake = try await SplitLake()
        let archived = try ArchivedSettings(for: lake)
        let (file, files) = (archived.file, archived.files)
        let applied = await lake.run(["lifecycle", "apply", "--yes", "--config", file], files: files)
        #expect(applied.status == .success, "\(applied.errors)")
        let erase = ["erase", "--table", "orders", "--where", "n = 17", "--config", file]
        #expect(await lake.run(erase, files: files).errors.contains("orders has an archive"))
        let certificate = lake.directory.path + "/certificate.json"
        let erased = await lake.run(erase + ["--yes", "--certificate", certificate], files: files)
        #expect(erased.status == .success && erased.errors.contains("orders has an archive"), "\(erased.errors)")
        let planned = await lake.run(["lifecycle", "plan", "--config", file, "--output", "csv"], files: files)
        #expect(planned.output.contains("orders,archive,remove from the archive,"), "\(planned.output)")
        #expect(planned.errors.contains("2 objects ("), "\(planned.errors)")
        let again = await lake.run(["lifecycle", "apply", "--yes", "--config", file], files: files)
        #expect(again.status == .success && again.errors.contains("2 objects changed"), "\(again.errors)")
        let left = await archived.run(["cat", "orders"])
        #expect(left.output == (await lake.run(["cat", "orders"]).output) && !left.output.contains("\"n\":17}"))
    }

    @Test("no writer goes on with an archive, but events come back from it")
    func archiveInUse() async throws {
        let lake = try await SplitLake()
        let archived = try ArchivedSettings(for: lake)
        let applied = await lake.run(["lifecycle", "apply", "--yes", "--config", archived.file], files: archived.files)
        #expect(applied.status == .success, "\(applied.errors)")
        let run = await archived.run(["run", "--once", "--brokers", "127.0.0.1:1", "--topic", "orders"])
        #expect(run.status == .configuration && run.errorLines.count == 1, "\(run.errors)")
        #expect(run.errors.contains("table orders is an archive"), "\(run.errors)")
        let folder = ["import", "--table", "orders", "--from", "topics/orders"]
        let file = lake.directory.path + "/archive.yaml"
        let rules = "tables: [{ name: orders, lifecycle: { rules: [{ name: keep, do: expire, after: 0s }] } }]"
        let apply = ["lifecycle", "apply", "--config", file]
        for refused in [
            folder, folder + ["--yes"], ["dlq", "replay", "orders"], ["dlq", "replay", "orders", "--yes"],
            ["compact"], ["compact", "orders", "--cold-after", "0s", "--plan"], apply, apply + ["--yes"],
        ] {
            let outcome = await archived.run(refused, files: [file: rules])
            #expect(outcome.status == .configuration && outcome.errorLines.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("table orders is an archive, and "), "\(outcome.errors)")
        }
        #expect(await archived.run(["dlq", "replay", "orders", "--forget"]).status == .success)
        let restored = await archived.run(["restore", "orders", "--to-topic", "again"])
        #expect(restored.errors.contains("40 events in 4 objects"), "\(restored.errors)")
    }

    @Test(
        "wrong arguments are refused in one line",
        arguments: [
            ["erase", "--table", "orders", "--where", "n"],
            ["erase", "--table", "orders", "--where", "n = 1", "--yes"],
            ["erase", "--table", "orders", "--where", "n = 1 or 2"],
        ])
    func refusals(arguments: [String]) async throws {
        let lake = try await SplitLake()
        let outcome = await lake.run(arguments)
        #expect(outcome.status == .usage, "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1)
    }
}
