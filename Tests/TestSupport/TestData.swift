import Foundation

/// The third-party test data that stands beside the repository, not in it.
public enum TestData {
    /// `$VARVE_TESTDATA`, else `../shared/testdata` beside the repository; nil where there is neither.
    ///
    ///     @Test(.enabled(if: TestData.directory != nil, "needs the shared test data"))
    public static let directory: String? = {
        let candidates = [
            ProcessInfo.processInfo.environment["VARVE_TESTDATA"],
            repository + "/../shared/testdata", repository + "/../../shared/testdata",
        ]
        return candidates.compactMap(\.self).first { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
        }
    }()

    /// The folder that holds Package.swift.
    public static let repository: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The bytes of one file, by its path inside the test data.
    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let directory else { throw CheckFailure("no test data: set VARVE_TESTDATA") }
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(path)")))
    }
}
