import Glibc
import LakeModel

/// Uploads in progress: `.varve-staging/uploads/<id>/{upload.json,part-00001,…}`.
extension DirectoryFiles {
    struct UploadFile: Codable {
        var key: String
        var startedAt: Timestamp
        var side: SideFile

        enum CodingKeys: String, CodingKey {
            case key
            case startedAt = "started_at"
            case side
        }
    }

    private var uploadsFolder: String { "\(layout.stagingFolder)/uploads" }

    /// Nil for an id that this store did not make, which must not become a path.
    private func folder(of upload: UploadID) -> String? {
        let id = upload.description
        let isOwn =
            !id.isEmpty
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        return isOwn ? "\(uploadsFolder)/\(id)" : nil
    }

    func createUpload(to key: ObjectKey, options: PutOptions) throws(StoreError) -> UploadID {
        let side = SideFile(metadata: options.metadata, storageClass: options.storageClass)
        let (id, facts) = try about(key) { () throws(SystemCallError) in
            // The name of a staged file is taken for good; its time is that of the store's own clock.
            let staged = try stage { _ throws(SystemCallError) in }
            return (UploadID(String(staged.path.dropFirst(layout.stagingFolder.count + 1))), staged.facts)
        }
        let file = UploadFile(key: key.description, startedAt: facts.modifiedAt, side: side)
        try saveJSON(file, at: "\(uploadsFolder)/\(id)/upload.json", key: key)
        return id
    }

    private func find(_ upload: UploadID, of key: ObjectKey, operation: String) throws(StoreError)
        -> (folder: String, file: UploadFile)
    {
        guard let folder = folder(of: upload),
            let file = try readJSON(UploadFile.self, at: "\(folder)/upload.json", key: key),
            file.key.utf8.elementsEqual(key.description.utf8)
        else { throw .noSuchUpload(key, operation: operation) }
        return (folder, file)
    }

    func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey) throws(StoreError)
        -> UploadedPart
    {
        let folder = try find(upload, of: key, operation: "UploadPart").folder
        let digits = String(number)
        let name = "part-" + String(repeating: "0", count: 5 - digits.count) + digits
        do {
            var staged = try stage { file throws(SystemCallError) in
                for chunk in body.chunks { try file.write(chunk) }
            }
            try systemCall("rename") { rename(staged.path, "\(folder)/\(name)") }
            staged.isPlaced = true
            return UploadedPart(number: number, tag: staged.facts.tag, bytes: staged.facts.bytes)
        } catch  where error.operation == "rename" && error.code == ENOENT {
            throw .noSuchUpload(key, operation: "UploadPart")
        } catch {
            throw StoreError(error, key: key)
        }
    }

    private func partFiles(_ folder: String, key: ObjectKey) throws(StoreError) -> [Int: (
        path: String, facts: FileFacts
    )] {
        try about(key) { () throws(SystemCallError) in
            var parts: [Int: (path: String, facts: FileFacts)] = [:]
            for (name, _) in try namesInDirectory(folder) where name.hasPrefix("part-") {
                let path = "\(folder)/\(name)"
                guard let number = Int(name.dropFirst(5)), let facts = try FileFacts.of(path) else { continue }
                parts[number] = (path, facts)
            }
            return parts
        }
    }

    func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], condition: PutCondition)
        throws(StoreError) -> ObjectInfo
    {
        let operation = "CompleteMultipartUpload"
        let (folder, file) = try find(upload, of: key, operation: operation)
        let matched = try matchParts(
            parts, with: try partFiles(folder, key: key), tag: \.facts.tag, bytes: \.facts.bytes,
            operation: operation, key: key)
        let options = PutOptions(
            condition: condition, metadata: file.side.metadata, storageClass: file.side.storageClass)
        let info = try put(key, options: options, operation: operation) { target throws(SystemCallError) in
            for part in matched {
                let source = try OpenFile(part.path, O_RDONLY)
                try target.append(part.facts.bytes, from: source)
            }
        }
        remove(folder)
        return info
    }

    func abortUpload(_ upload: UploadID, of key: ObjectKey) throws(StoreError) {
        do {
            remove(try find(upload, of: key, operation: "AbortMultipartUpload").folder)
        } catch  where error.kind == .notFound {
            return
        }
    }

    /// Its description first: from then on the upload is unknown, and what a crash leaves is only waste.
    private func remove(_ folder: String) {
        unlink("\(folder)/upload.json")
        for (name, _) in (try? namesInDirectory(folder)) ?? [] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    func listUploads(prefix: String) throws(StoreError) -> [PendingUpload] {
        let ids = try about(nil) { () throws(SystemCallError) in try namesInDirectory(uploadsFolder).map(\.name) }
        var uploads: [PendingUpload] = []
        for id in ids {
            let path = "\(uploadsFolder)/\(id)/upload.json"
            guard let file = try readJSON(UploadFile.self, at: path, key: nil), let key = ObjectKey(file.key),
                key.hasPrefix(prefix)
            else { continue }
            uploads.append(PendingUpload(key: key, upload: UploadID(id), startedAt: file.startedAt))
        }
        return uploads.sorted { ($0.key, $0.upload.description) < ($1.key, $1.upload.description) }
    }

    func listParts(_ upload: UploadID, of key: ObjectKey) throws(StoreError) -> [UploadedPart] {
        let folder = try find(upload, of: key, operation: "ListParts").folder
        return try partFiles(folder, key: key)
            .map { UploadedPart(number: $0.key, tag: $0.value.facts.tag, bytes: $0.value.facts.bytes) }
            .sorted { $0.number < $1.number }
    }
}
