internal import LakeModel
public import ObjectStorage

extension S3Store {
    public func createUpload(to key: ObjectKey, options: PutOptions) async throws(StoreError) -> UploadID {
        var call = S3Call("CreateMultipartUpload", "POST", key: full(key))
        call.query = [("uploads", nil)]
        call.headers = try describe(options, key: key, call.operation)
        if let algorithm = settings.checksum {
            call.headers["x-amz-checksum-algorithm"] = algorithm.rawValue.uppercased()
            call.headers["x-amz-checksum-type"] = algorithm.multipartType
        }
        (call.mutates, call.expectedRoot) = (true, "InitiateMultipartUploadResult")
        let answer = try await perform(call)
        guard let id = try Self.parse(answer, call).value("UploadId") else {
            throw Self.malformed(call, "it names no upload")
        }
        return UploadID(id, begunAt: answer.serverTime)
    }

    public func putPart(_ number: Int, _ body: ObjectBody, of upload: UploadID, to key: ObjectKey)
        async throws(StoreError) -> UploadedPart
    {
        var call = S3Call("UploadPart", "PUT", key: full(key))
        guard (1...partNumberMax).contains(number) else {
            throw StoreError(
                .invalid, operation: call.operation, key: call.key,
                message: "part numbers are 1 to \(partNumberMax), not \(number)")
        }
        call.query = [("partNumber", String(number)), ("uploadId", upload.description)]
        addChecksum(nil, of: body, to: &call.headers)
        addCustomerKey(to: &call.headers)
        addPayer(to: &call.headers)
        (call.body, call.mutates, call.expectsTag) = (body, true, true)
        let answer = try await perform(call)
        return UploadedPart(
            number: number, tag: Self.tag(answer.response.headers["ETag"]), bytes: Int64(body.count),
            checksum: Self.checksum(answer.response.headers))
    }

    /// A completion whose answer was lost is settled by looking at the object.
    public func completeUpload(_ upload: UploadID, of key: ObjectKey, parts: [UploadedPart], options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        let call = completion(of: upload, key, parts, options)
        guard !parts.isEmpty else {
            throw StoreError(
                .invalid, operation: call.operation, key: call.key,
                message: "an upload needs at least one part; abort it instead")
        }
        let bytes = parts.reduce(into: Int64(0)) { $0 += $1.bytes }
        var tag: EntityTag
        let time: Timestamp
        do {
            let answer = try await client.perform(call)
            let root = try? Self.parse(answer, call)
            tag = Self.tag(root?.value("ETag"))
            time = answer.serverTime
        } catch {
            return try await settle(error, key, parts, bytes)
        }
        // Ceph RGW 16 leaves the tag out.
        if tag.description.isEmpty { tag = try await headAfterChange(key).tag }
        // AWS dates the object from the begin of its upload, others from its end: vacuum has to see the earlier one.
        return ObjectInfo(
            tag: tag, bytes: bytes, modifiedAt: min(time, upload.begunAt ?? time), metadata: options.metadata,
            storageClass: options.storageClass ?? settings.storageClass)
    }

    /// A retry that finds no upload may come after an attempt that completed it and lost its answer, even if the caller
    /// made that attempt long ago: an object that is made of these very parts is ours.
    private func settle(_ failure: S3Failure, _ key: ObjectKey, _ parts: [UploadedPart], _ bytes: Int64)
        async throws(StoreError) -> ObjectInfo
    {
        if failure.code == "NoSuchUpload" || failure.status == 404,
            let found = try? await head(key), found.bytes == bytes, Self.isTag(found.tag, ofParts: parts)
        {
            return found
        }
        throw failure.error
    }

    private func completion(of upload: UploadID, _ key: ObjectKey, _ parts: [UploadedPart], _ options: PutOptions)
        -> S3Call
    {
        var call = S3Call("CompleteMultipartUpload", "POST", key: full(key))
        call.query = [("uploadId", upload.description)]
        let entries = parts.map { part in
            var entry = "<ETag>&quot;\(XMLElement.escaped(part.tag.description))&quot;</ETag>"
            if let checksum = part.checksum, let bytes = checksum.bytes {
                let name = checksum.algorithm.elementName
                entry += "<\(name)>\(base64(bytes))</\(name)>"
            }
            return "<Part>\(entry)<PartNumber>\(part.number)</PartNumber></Part>"
        }
        call.body = ObjectBody(
            Array(
                ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                    + "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                    + "\(entries.joined())</CompleteMultipartUpload>").utf8))
        call.headers["Content-Type"] = "application/xml"
        if let whole = options.checksum, whole.algorithm == settings.checksum, let bytes = whole.bytes,
            whole.algorithm.multipartType == "FULL_OBJECT"
        {
            call.headers["x-amz-checksum-\(whole.algorithm.rawValue)"] = base64(bytes)
            call.headers["x-amz-checksum-type"] = "FULL_OBJECT"
        }
        addCondition(options.condition, to: &call.headers)
        addCustomerKey(to: &call.headers)
        addPayer(to: &call.headers)
        (call.mutates, call.condition) = (true, options.condition)
        call.expectedRoot = "CompleteMultipartUploadResult"
        return call
    }

    /// Whether `tag` is that of an object made of `parts`: the MD5 of their MD5s and their number, where the parts'
    /// tags are MD5s; the number alone where encryption makes them something else.
    static func isTag(_ tag: EntityTag, ofParts parts: [UploadedPart]) -> Bool {
        let text = tag.description
        guard text.hasSuffix("-\(parts.count)") else { return false }
        var digests: [UInt8] = []
        for part in parts {
            guard let digest = bytes(fromHex: part.tag.description), digest.count == 16
            else { return true }
            digests += digest
        }
        return text == "\(hexText(md5(digests)))-\(parts.count)"
    }

    public func abortUpload(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) {
        var call = S3Call("AbortMultipartUpload", "DELETE", key: full(key))
        call.query = [("uploadId", upload.description)]
        call.mutates = true
        addPayer(to: &call.headers)
        do {
            _ = try await client.perform(call)
        } catch  where error.code == "NoSuchUpload" {
            return
        } catch {
            throw error.error
        }
    }
}

extension Checksum.Algorithm {
    /// CRCs can be joined, so the store keeps that of the whole object; digests cannot.
    var multipartType: String { self == .sha256 ? "COMPOSITE" : "FULL_OBJECT" }
}
