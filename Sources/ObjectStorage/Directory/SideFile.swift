import Foundation
import Glibc

/// What an object has besides its bytes: `.varve-staging/meta/<entity tag>`, only where there is something to keep.
struct SideFile: Codable {
    var metadata: [String: String]
    var storageClass: String?

    var isEmpty: Bool { metadata.isEmpty && storageClass == nil }

    enum CodingKeys: String, CodingKey {
        case metadata
        case storageClass = "storage_class"
    }
}

extension DirectoryFiles {
    private static let sideBytesMax: Int64 = 1 << 16

    private func sidePath(_ tag: EntityTag) -> String {
        "\(layout.stagingFolder)/meta/\(tag)"
    }

    /// Saved before the object gets its name, so that no reader sees the object without it.
    func saveSide(_ side: SideFile, of tag: EntityTag, key: ObjectKey) throws(StoreError) {
        guard !side.isEmpty else { return }
        try saveJSON(side, at: sidePath(tag), key: key)
    }

    /// Nil where the object has nothing besides its bytes.
    func side(of tag: EntityTag, key: ObjectKey) throws(StoreError) -> SideFile? {
        try readJSON(SideFile.self, at: sidePath(tag), key: key)
    }

    func removeSide(of tag: EntityTag) {
        unlink(sidePath(tag))
    }

    func saveJSON(_ value: some Encodable, at path: String, key: ObjectKey) throws(StoreError) {
        guard let json = try? JSONEncoder().encode(value) else {
            throw StoreError(.invalid, operation: "encode", key: key.description, message: "cannot be written as JSON")
        }
        try about(key) { () throws(SystemCallError) in
            var staged = try stage { file throws(SystemCallError) in try file.write(Array(json)) }
            if rename(staged.path, path) != 0 {
                try makeFolder(folder(of: path))
                try systemCall("rename") { rename(staged.path, path) }
            }
            staged.isPlaced = true
        }
    }

    /// Nil where there is no such file.
    func readJSON<Value: Decodable>(_ type: Value.Type, at path: String, key: ObjectKey?) throws(StoreError) -> Value? {
        let bytes: [UInt8]
        do {
            let file = try OpenFile(path, O_RDONLY)
            let size = try file.facts().bytes
            bytes = try file.read(0..<min(size, Self.sideBytesMax))
        } catch  where error.code == ENOENT || error.code == ENOTDIR {
            return nil
        } catch {
            throw StoreError(error, key: key)
        }
        guard let value = try? JSONDecoder().decode(type, from: Data(bytes)) else {
            throw StoreError(.corrupt, operation: "read", key: key?.description, message: "\(path) is not valid JSON")
        }
        return value
    }
}
