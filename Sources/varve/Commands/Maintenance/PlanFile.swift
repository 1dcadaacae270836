import ArgumentParser
import Foundation
import LakeModel
import ObjectStorage

/// A file named on the command line: a path, `file:///path` or `s3://bucket/key`.
struct PlanFile: Hashable, Sendable, ExpressibleByArgument {
    private enum Place: Hashable, Sendable {
        case path(String)
        case s3(bucket: String, prefix: String, name: String)
    }

    private static let bytesMax = 1 << 30

    let text: String
    private let place: Place

    init?(argument: String) {
        text = argument
        if argument.hasPrefix("s3://") {
            guard let slash = argument.lastIndex(of: "/"),
                case .s3(let bucket, let prefix)? = try? LakeURL(String(argument[..<slash])),
                case let name = String(argument[argument.index(after: slash)...]), ObjectKey(name) != nil
            else { return nil }
            place = .s3(bucket: bucket, prefix: prefix, name: name)
        } else if argument.hasPrefix("file://") {
            guard case .directory(let path)? = try? LakeURL(argument) else { return nil }
            place = .path(path)
        } else {
            guard !argument.isEmpty else { return nil }
            place = .path(argument)
        }
    }

    func write(_ bytes: [UInt8], _ session: LakeSession) async throws {
        switch place {
        case .path(let path):
            do {
                try Data(bytes).write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw CommandFailure(
                    .cannotCreate, "cannot be written", at: path, fix: "check the folder and its rights")
            }
        case .s3(let bucket, let prefix, let name):
            _ = try await store(bucket, prefix, session).put(bytes, to: try key(name))
        }
    }

    /// Makes sure, before the work that it tells of, that the file can be written and overwrites nothing: an empty one
    /// stands there until `write`.
    func reserve(_ session: LakeSession) async throws {
        let isTaken: Bool
        switch place {
        case .path(let path):
            isTaken = (FileManager.default.contents(atPath: path)?.isEmpty).map { !$0 } ?? false
        case .s3(let bucket, let prefix, let name):
            do {
                isTaken = try await store(bucket, prefix, session).head(try key(name)).bytes > 0
            } catch let error as StoreError where error.kind == .notFound {
                isTaken = false
            }
        }
        guard !isTaken else {
            throw CommandFailure(.cannotCreate, "there is one already", at: text, fix: "name another file")
        }
        try await write([], session)
    }

    /// Takes the empty file away again, where nothing was done.
    func giveUp(_ session: LakeSession) async {
        switch place {
        case .path(let path):
            try? FileManager.default.removeItem(atPath: path)
        case .s3(let bucket, let prefix, let name):
            guard let key = ObjectKey(name) else { return }
            _ = try? await store(bucket, prefix, session).delete([key])
        }
    }

    func read(_ session: LakeSession) async throws -> [UInt8] {
        switch place {
        case .path(let path):
            guard let data = FileManager.default.contents(atPath: path), data.count <= Self.bytesMax else {
                throw CommandFailure(.noInput, "cannot be read", at: path, fix: "check the path and its rights")
            }
            return Array(data)
        case .s3(let bucket, let prefix, let name):
            return try await store(bucket, prefix, session).get(try key(name), range: nil, bytesMax: Self.bytesMax)
                .bytes
        }
    }

    private func key(_ name: String) throws(CommandFailure) -> ObjectKey {
        guard let key = ObjectKey(name) else {
            throw CommandFailure(.usage, "no such key", at: text, fix: "write s3://bucket/folder/file.json")
        }
        return key
    }

    private func store(_ bucket: String, _ prefix: String, _ session: LakeSession) async throws -> any ObjectStore {
        var settings = session.settings
        settings.lake = .s3(bucket: bucket, prefix: prefix)
        return try await StoreOpening.open(settings, in: session.context)
    }
}

/// A size on the command line: `256MiB`.
struct SizeArgument: Hashable, Sendable, ExpressibleByArgument {
    var bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        guard let bytes = parseBytes(argument) else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String { exactBytes(bytes) }
}
