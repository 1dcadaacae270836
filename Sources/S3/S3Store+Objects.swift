internal import LakeModel
public import ObjectStorage

extension S3Store {
    public func put(_ body: ObjectBody, to key: ObjectKey, options: PutOptions) async throws(StoreError) -> ObjectInfo {
        var call = S3Call("PutObject", "PUT", key: full(key))
        call.headers = try describe(options, key: key, call.operation)
        addCondition(options.condition, to: &call.headers)
        addChecksum(options.checksum, of: body, to: &call.headers)
        (call.body, call.mutates, call.condition) = (body, true, options.condition)
        call.expectsTag = true
        let answer = try await perform(call)
        var info = info(answer, bytes: Int64(body.count))
        info.metadata = options.metadata
        info.storageClass = options.storageClass ?? settings.storageClass
        return info
    }

    public func head(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        var call = S3Call("HeadObject", "HEAD", key: full(key))
        addCustomerKey(to: &call.headers)
        addPayer(to: &call.headers)
        call.expectsObject = true
        let answer = try await perform(call)
        guard let bytes = answer.response.headers["Content-Length"].flatMap({ Int64($0) }) else {
            throw StoreError(
                .corrupt, operation: call.operation, key: call.key, message: "the answer does not say the size")
        }
        return info(answer, bytes: bytes)
    }

    public func get(_ key: ObjectKey, range: ByteRange?, bytesMax: Int) async throws(StoreError) -> ObjectContent {
        var call = S3Call("GetObject", "GET", key: full(key))
        call.responseBytesMax = bytesMax
        if let range {
            call.headers["Range"] = try Self.header(range, key: call.key)
        } else {
            call.headers["x-amz-checksum-mode"] = "ENABLED"
        }
        addCustomerKey(to: &call.headers)
        addPayer(to: &call.headers)
        call.expectsObject = true
        call.verify = { Self.complaint($0, isWhole: range == nil) }
        let answer = try await perform(call)
        let response = answer.response
        if response.status == 206 {
            let total = Self.total(response.headers["Content-Range"])
            return ObjectContent(bytes: response.body, info: info(answer, bytes: total ?? Int64(response.body.count)))
        }
        // A store may ignore the range and send everything (RFC 9110, section 14.2).
        let bytes = try range.map { (range) throws(StoreError) in
            try Self.cut(response.body, range, key: call.key)
        }
        return ObjectContent(
            bytes: bytes ?? response.body, info: info(answer, bytes: Int64(response.body.count)))
    }

    public func copy(_ source: ObjectKey, to target: ObjectKey, options: PutOptions)
        async throws(StoreError) -> ObjectInfo
    {
        var call = S3Call("CopyObject", "PUT", key: full(target))
        call.headers = try describe(options, key: target, call.operation)
        call.headers["x-amz-copy-source"] =
            "/\(PercentEncoding.component(settings.bucket))/\(PercentEncoding.path(full(source)))"
        let describesAnew = !options.metadata.isEmpty || options.contentType != nil
        if describesAnew { call.headers["x-amz-metadata-directive"] = "REPLACE" }
        if call.headers["x-amz-tagging"] != nil { call.headers["x-amz-tagging-directive"] = "REPLACE" }
        addCustomerKey(to: &call.headers, prefix: "x-amz-copy-source-")
        addCondition(options.condition, to: &call.headers)
        (call.mutates, call.condition, call.expectedRoot) = (true, options.condition, "CopyObjectResult")
        _ = try await perform(call)
        // The answer has no size and no metadata.
        return try await headAfterChange(target)
    }

    /// Looks at what was just made: where that fails, it is there all the same.
    func headAfterChange(_ key: ObjectKey) async throws(StoreError) -> ObjectInfo {
        do throws(StoreError) {
            return try await head(key)
        } catch {
            var error = error
            error.mayHaveHappened = true
            throw error
        }
    }

    /// What is wrong with a whole or partial body, or nil: a lost end, or bytes that do not match their checksum.
    private static func complaint(_ response: HTTPResponse, isWhole: Bool) -> String? {
        if let announced = response.headers["Content-Length"].flatMap({ Int($0) }), announced != response.body.count {
            return "\(response.body.count) of \(announced) bytes came"
        }
        guard isWhole, response.status == 200, let checksum = checksum(response.headers) else { return nil }
        return Checksum(checksum.algorithm, of: response.body) == checksum
            ? nil : "the bytes do not match their \(checksum.algorithm.rawValue) checksum"
    }

    private static func header(_ range: ByteRange, key: String?) throws(StoreError) -> String {
        switch range {
        case .from(let offset, let count) where offset >= 0 && count > 0:
            let (end, overflow) = offset.addingReportingOverflow(count - 1)
            return "bytes=\(offset)-\(overflow ? "" : String(end))"
        case .suffix(let count) where count > 0:
            return "bytes=-\(count)"
        default:
            throw StoreError(
                .invalid, operation: "GetObject", key: key, message: "the range \(range) names no byte")
        }
    }

    /// `bytes 0-9/1234` → 1234.
    private static func total(_ contentRange: String?) -> Int64? {
        contentRange?.split(separator: "/").last.flatMap { Int64($0) }
    }

    private static func cut(_ bytes: [UInt8], _ range: ByteRange, key: String?) throws(StoreError) -> [UInt8] {
        let refusal = StoreError(
            .invalid, operation: "GetObject", key: key,
            message: "the range \(range) names no byte of an object of \(bytes.count) bytes")
        switch range {
        case .from(let offset, let count):
            guard offset < bytes.count else { throw refusal }
            return Array(bytes.dropFirst(Int(offset)).prefix(Int(clamping: count)))
        case .suffix(let count):
            guard !bytes.isEmpty else { throw refusal }
            return Array(bytes.suffix(Int(clamping: count)))
        }
    }
}
