import Foundation
import LakeModel
import TestSupport
import Testing

@Suite(
    "A writer of Parquet that is killed loses nothing and repeats nothing",
    .enabled(if: Servers.hasWriters, Comment(rawValue: Servers.writersReason)), .serialized)
struct ParquetTests {
    private static let steps = ["before_data_put:3", "after_data_put:3", "before_commit:2", "after_commit:2"]

    /// `text` is declared as a number on purpose: it is a misfit in every event.
    private static let schema = """
        {"type": "object", "properties": {
          "number": {"type": "integer"}, "seed": {"type": "integer"}, "text": {"type": "integer"}}}
        """

    private static let raw = ["format: parquet"]

    private static func shredded(_ misfits: String = "rest") throws -> [String] {
        let path = try schemaFile()
        return ["format: parquet", "schema: { json_schema: \(path), misfits: \(misfits) }"]
    }

    private static let folder = Result { try TemporaryDirectory("varve-schema") }

    private static func schemaFile() throws -> String {
        let path = try "\(folder.get().path)/clicks.json"
        try schema.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test("kill -9 in a local lake of raw rows")
    func rawInDirectory() async throws {
        for step in Self.steps { try await crash(Trial(.directory, table: Self.raw), at: step) }
    }

    @Test("kill -9 in a local lake of shredded rows")
    func shreddedInDirectory() async throws {
        for step in Self.steps { try await crash(Trial(.directory, table: try Self.shredded()), at: step) }
    }

    @Test(
        "kill -9 in a lake on S3, raw and shredded",
        .enabled(if: Servers.hasStore, Comment(rawValue: Servers.storeReason)))
    func onS3() async throws {
        try await crash(Trial(.s3, table: Self.raw), at: "after_data_put:3")
        try await crash(Trial(.s3, table: try Self.shredded()), at: "before_commit:2")
    }

    @Test("kill -9 while an object streams in parts")
    func parts() async throws {
        for place in Trial.Place.allCases where place == .directory || Servers.hasStore {
            let trial = try Trial(place, table: Self.raw)
            try await trial.produce(2000, noiseBytes: 20_000)
            let configuration = try trial.configuration(memory: "64MiB", rotate: "{ bytes: 64MiB, age: 1h }")
            let doomed = try trial.startWriter(once: true, failpoint: "after_part:2", configuration: configuration)
            let status = try await doomed.wait(deadline: .seconds(90))
            #expect(status == -SIGKILL, "it should die: \(doomed.standardError.suffix(2000))")
            try await trial.drain(configuration: configuration)
            try await trial.audit()
            try await verify(trial)
        }
    }

    @Test("columns found in the events, and misfits in the dead-letter table")
    func inferredAndStrict() async throws {
        let inferred = try Trial(.directory, table: ["format: parquet", "schema: { infer: true }"])
        let strict = try Trial(.directory, table: try Self.shredded("dead_letter"))
        for trial in [inferred, strict] {
            try await trial.produce(3000)
            try await trial.drain()
            try await trial.audit()
            try await verify(trial)
        }
        let columns = try await inferred.varve(
            "manifest", "sql", "events", "select distinct name from object_columns order by name")
        for name in ["_key", "accent", "number", "seed", "text"] { #expect(columns.contains(name), "\(columns)") }
        let dead = try await strict.varve(
            "manifest", "sql", "events", "select sum(records) from objects where side = 'dead_letter'")
        #expect(dead.contains("3000"), "every event has a misfit: \(dead)")
    }

    @Test("lines become raw columns, and raw columns shredded ones")
    func compacted() async throws {
        for place in Trial.Place.allCases where place == .directory || Servers.hasStore {
            let trial = try Trial(place)
            try await trial.produce(4000)
            try await trial.drain()
            try await compact(trial, ["--output-format", "parquet"])
            let shredding = try Trial(place, sharing: trial, table: try Self.shredded())
            try await compact(shredding, ["--output-format", "parquet", "--config", try shredding.configuration()])
            let kinds = try await trial.varve(
                "manifest", "sql", "events", "select distinct substr(schema_id, 1, 8) from objects where side = 'main'")
            #expect(kinds.contains("shredded") && kinds.contains("raw"), "\(kinds)")
        }
    }

    private func compact(_ trial: Trial, _ options: [String]) async throws {
        let command = [try Servers.required(Servers.varve), "compact", "events", "--cold-after", "0"] + options
        let lake = options.contains("--config") ? [] : ["--lake", trial.lake]
        try await runCommand(command + lake, environment: trial.environment, deadline: .seconds(120))
        try await trial.audit()
        try await verify(trial)
    }

    private func crash(_ trial: Trial, at failpoint: String) async throws {
        try await trial.produce(2000)
        let doomed = try trial.startWriter(failpoint: failpoint)
        let status = try await trial.produce(untilEndOf: doomed)
        #expect(status == -SIGKILL, "it should die at \(failpoint): \(doomed.standardError.suffix(2000))")
        try await trial.produce(500)
        try await trial.drain()
        try await trial.audit()
        try await verify(trial)
    }

    /// By the program itself: every byte of every object, and every event printed again.
    private func verify(_ trial: Trial) async throws {
        _ = try await trial.varve("verify", "events", "--deep")
        let lines = try await trial.varve("cat", "events").split(separator: "\n").count
        let dead = try await trial.varve("cat", "events.dead_letter").split(separator: "\n").count
        #expect(Int64(lines + dead) == trial.producedEvents())
    }
}
