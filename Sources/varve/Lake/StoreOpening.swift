import Foundation
import LakeModel
import ObjectStorage

/// Opens the store that a lake's URL names; the only place that knows which stores there are.
enum StoreOpening {
    /// For commands that only read: a directory must exist, and nothing can be written by mistake.
    static func openForReading(_ settings: Settings, in context: CommandContext) async throws -> any ObjectStore {
        if case .directory(let path) = settings.lake, !isDirectory(path) {
            throw CommandFailure(.noInput, "no lake is there", at: "file://\(path)", fix: "check the path")
        }
        return ReadOnlyStore(try await open(settings, in: context))
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    /// For who deletes nothing but what it probes with: that takes no right to delete versions.
    static func openKeepingVersions(_ settings: Settings, in context: CommandContext) async throws -> any ObjectStore {
        var settings = settings
        settings.s3.deletesVersions = false
        return try await open(settings, in: context)
    }

    static func open(_ settings: Settings, in context: CommandContext) async throws -> any ObjectStore {
        switch settings.lake {
        case .directory(let path):
            guard !FileManager.default.fileExists(atPath: path) || isDirectory(path) else {
                throw CommandFailure(.noInput, "it is no directory", at: "file://\(path)", fix: "name another")
            }
            return try DirectoryObjectStore(root: path)
        case .s3(let bucket, let prefix):
            return try S3Opening(
                bucket: bucket, prefix: prefix, settings: settings.s3, environment: context.environment,
                clock: context.clock
            ).open()
        }
    }
}
