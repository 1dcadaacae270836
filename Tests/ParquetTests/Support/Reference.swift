import Foundation
import TestSupport

/// The other readers, by way of Tests/python/parquet_reference.py.
enum Reference {
    /// `$VARVE_VENV`, else `.venv` in the repository; nil where there is no Python with pyarrow, DuckDB and polars.
    static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        let venv = environment["VARVE_VENV"] ?? TestData.repository + "/.venv"
        let path = venv + "/bin/python"
        guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
        let packages = ["pyarrow", "duckdb", "polars"].allSatisfy { package in
            let folders = (try? FileManager.default.contentsOfDirectory(atPath: venv + "/lib")) ?? []
            return folders.contains { folder in
                FileManager.default.fileExists(atPath: "\(venv)/lib/\(folder)/site-packages/\(package)")
            }
        }
        return packages ? path : nil
    }()

    static let missing: String = "needs Python with pyarrow, duckdb and polars: set VARVE_VENV"

    /// Runs one command of the script and answers what it prints; throws where it fails.
    static func run(_ arguments: String...) async throws -> String { try await run(arguments) }

    /// What pyarrow reads of each file, as canonical JSON.
    static func dump(_ paths: [String]) async throws -> [String] {
        let lines = try await run(["dump"] + paths).split(separator: "\n").map(String.init)
        guard lines.count == paths.count else { throw CheckFailure("\(lines.count) dumps of \(paths.count) files") }
        return lines
    }

    static func run(_ arguments: [String]) async throws -> String {
        guard let python else { throw CheckFailure(missing) }
        let script = TestData.repository + "/Tests/python/parquet_reference.py"
        let process = try ChildProcess([python, script] + arguments)
        let status = try await process.wait(deadline: .seconds(300))
        guard status == 0 else {
            throw CheckFailure(
                "\(arguments): \(process.standardOutput.suffix(3000)) \(process.standardError.suffix(2000))")
        }
        return process.standardOutput
    }

    /// The rows of a canonical JSON file, each a text of its own.
    static func rows(_ json: String) throws -> [String] {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (object?["rows"] as? [[Any]] ?? []).map { Canonical.text($0) }
    }
}
