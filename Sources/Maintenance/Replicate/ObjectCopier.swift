import Catalog
import LakeModel
import ObjectStorage

/// Copies data objects from one store to another, and checks them against their entries on the way.
struct ObjectCopier: Sendable {
    let source: any ObjectStore
    let target: any ObjectStore
    let table: TableName
    var partBytes = 8 << 20
    /// Of new copies; nil for the target's own.
    var storageClass: String?
    /// Copies of before, by the target's clock, are made anew: vacuum may take them any moment.
    var horizon: Timestamp?

    struct Copy: Sendable {
        var isNew: Bool
        /// By the target's clock.
        var uploadedAt: Timestamp
    }

    /// Copies one object; an object that is there with the right size is left as it is.
    ///
    /// What is read is checked before the copy becomes visible. Throws `ReadError` for what is wrong with the original,
    /// and `.invalid` where the key of an adopted file is another file's in the target: that is not ours to replace.
    func copy(_ object: DataObject) async throws -> Copy {
        guard let key = object.key(in: table) else {
            throw ReadError.damaged(path: object.path, reason: "its path is not a key")
        }
        if let known = try await earlier(object, key) { return Copy(isNew: false, uploadedAt: known) }
        do {
            return try await make(object, key)
        } catch let error as StoreError where error.kind == .conflict && object.adopted != nil {
            // Another program was quicker, or another run.
            guard let known = try await earlier(object, key) else { throw error }
            return Copy(isNew: false, uploadedAt: known)
        }
    }

    private func make(_ object: DataObject, _ key: ObjectKey) async throws -> Copy {
        guard object.bytes > Int64(partBytes) else {
            let bytes = try await fetch(object, key, from: 0)
            try check(object, Checksum(object.checksum.algorithm, of: bytes), read: Int64(bytes.count))
            let info = try await target.put(ObjectBody(bytes), to: key, options: options(object))
            return Copy(isNew: true, uploadedAt: info.modifiedAt)
        }
        let upload = try await target.createUpload(to: key, options: options(object))
        do {
            var parts: [UploadedPart] = []
            var digest = ChecksumBuilder(object.checksum.algorithm)
            var offset: Int64 = 0
            while offset < object.bytes {
                let bytes = try await fetch(object, key, from: offset)
                guard !bytes.isEmpty else { break }
                offset += Int64(bytes.count)
                bytes.withUnsafeBytes { digest.update($0) }
                parts.append(
                    try await target.putPart(parts.count + 1, ObjectBody(bytes), of: upload, to: key))
            }
            try check(object, digest.finalize(), read: offset)
            let info = try await target.completeUpload(upload, of: key, parts: parts, options: options(object))
            return Copy(isNew: true, uploadedAt: info.modifiedAt)
        } catch {
            try? await target.abortUpload(upload, of: key)
            throw error
        }
    }

    private func options(_ object: DataObject) -> PutOptions {
        var options = PutOptions()
        options.storageClass = storageClass
        // The checksum of another algorithm than the target's own would be refused by some stores.
        if object.checksum.algorithm == .crc64nvme { options.checksum = object.checksum }
        if object.adopted != nil { options.condition = .absent }
        return options
    }

    /// When an earlier run made the copy; nil where there is none.
    private func earlier(_ object: DataObject, _ key: ObjectKey) async throws -> Timestamp? {
        let info: ObjectInfo
        do throws(StoreError) {
            info = try await target.head(key)
        } catch  where error.kind == .notFound {
            return nil
        } catch {
            throw error
        }
        if object.adopted != nil {
            guard try await isSame(object, key, info) else {
                throw MaintenanceError.invalid(
                    "\(key) in \(target.location) is another file than the one that \(table) has adopted; copy into "
                        + "another lake")
            }
        } else {
            guard info.bytes == object.bytes, horizon.map({ info.modifiedAt >= $0 }) ?? true else { return nil }
        }
        return info.modifiedAt
    }

    /// Keys of adopted files are chosen by others, so that nothing but the bytes tells whose file it is.
    private func isSame(_ object: DataObject, _ key: ObjectKey, _ info: ObjectInfo) async throws -> Bool {
        guard info.bytes == object.bytes else { return false }
        var digest = ChecksumBuilder(object.checksum.algorithm)
        var offset: Int64 = 0
        while offset < info.bytes {
            let count = min(Int64(partBytes), info.bytes - offset)
            let bytes = try await target.get(key, range: .from(offset, count: count), bytesMax: partBytes).bytes
            guard !bytes.isEmpty else { return false }
            offset += Int64(bytes.count)
            bytes.withUnsafeBytes { digest.update($0) }
        }
        return digest.finalize() == object.checksum
    }

    private func fetch(_ object: DataObject, _ key: ObjectKey, from offset: Int64) async throws -> [UInt8] {
        guard object.bytes > 0 else { return [] }
        do throws(StoreError) {
            let count = min(Int64(partBytes), object.bytes - offset)
            return try await source.get(key, range: .from(offset, count: count), bytesMax: partBytes).bytes
        } catch  where error.kind == .notFound {
            throw ReadError.missing(path: object.path)
        } catch {
            throw ReadError.store(error)
        }
    }

    private func check(_ object: DataObject, _ found: Checksum, read bytes: Int64) throws(ReadError) {
        guard bytes == object.bytes else {
            throw .damaged(path: object.path, reason: "it has \(bytes) bytes, not \(object.bytes)")
        }
        guard found == object.checksum else {
            throw .damaged(
                path: object.path,
                reason: "its \(found.algorithm.rawValue) is \(found.value), not \(object.checksum.value)")
        }
    }
}
