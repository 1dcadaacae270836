import Foundation
import LakeModel
import ObjectStorage

/// Opens the store that a lake's URL names; the only place that knows which stores there are.
enum StoreOpening {
    /// For commands that only read: a directory must exist, and nothing can be written by mistake.
    static func openForReading(_ settings: Settings) async throws -> any ObjectStore {
        if case .directory(let path) = settings.lake {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw CommandFailure(.noInput, "no lake is there", at: "file://\(path)", fix: "check the path")
            }
        }
        return ReadOnlyStore(try await open(settings))
    }

    static func open(_ settings: Settings) async throws -> any ObjectStore {
        switch settings.lake {
        case .directory(let path):
            return try DirectoryObjectStore(root: path)
        case .s3:
            throw CommandFailure(.software, "S3 is not wired yet", at: "lake", fix: "use a file:// lake")
        }
    }
}
