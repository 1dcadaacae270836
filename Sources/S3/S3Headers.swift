internal import LakeModel
internal import ObjectStorage

/// Header fields in the order in which the operations need them.
extension S3Store {
    /// What describes a new object: type, metadata, class, tags, encryption.
    func describe(_ options: PutOptions, key: ObjectKey, _ operation: String) throws(StoreError) -> HTTPHeaders {
        var headers = HTTPHeaders()
        try options.validate(operation: operation, key: key)
        try checkLength(key, operation)
        if let contentType = options.contentType { headers["Content-Type"] = contentType }
        for (name, value) in options.metadata.sorted(by: { $0.key < $1.key }) {
            headers["x-amz-meta-\(name)"] = value
        }
        // The catalog's files are small, read at once and replaced soon: what other classes charge extra for.
        let isControl = key.description.hasPrefix("_varve/") || key.description.contains("/_varve/")
        if let storageClass = options.storageClass ?? (isControl ? nil : settings.storageClass) {
            headers["x-amz-storage-class"] = storageClass
        }
        let tags = settings.tags.merging(options.tags) { $1 }
        if !tags.isEmpty {
            headers["x-amz-tagging"] = PercentEncoding.query(
                tags.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
        }
        addEncryption(to: &headers)
        addPayer(to: &headers)
        return headers
    }

    func addCondition(_ condition: PutCondition, to headers: inout HTTPHeaders) {
        switch condition {
        case .always: break
        case .absent: headers["If-None-Match"] = "*"
        case .matches(let tag):
            headers["If-Match"] = settings.ifMatchQuoted ? "\"\(tag.description)\"" : tag.description
        }
    }

    /// The body's checksum, as a header: trailers are answered with 400 by many servers. The caller's is taken as it
    /// is; else one is computed as the settings say.
    func addChecksum(_ given: Checksum?, of body: ObjectBody, to headers: inout HTTPHeaders) {
        guard let checksum = given ?? settings.checksum.map({ Checksum($0, of: body.chunks) }),
            let bytes = checksum.bytes
        else { return }
        headers["x-amz-checksum-\(checksum.algorithm.rawValue)"] = base64(bytes)
    }

    /// Names the key for a new object.
    private func addEncryption(to headers: inout HTTPHeaders) {
        let name = "x-amz-server-side-encryption"
        switch settings.encryption {
        case .none: break
        case .s3: headers[name] = "AES256"
        case .kms(let keyID, let context):
            headers[name] = "aws:kms"
            if let keyID { headers["\(name)-aws-kms-key-id"] = keyID }
            if !context.isEmpty { headers["\(name)-context"] = base64(Array(Self.json(context).utf8)) }
        case .customer: addCustomerKey(to: &headers)
        }
    }

    /// SSE-C wants its key with every request that touches the bytes or their description.
    func addCustomerKey(to headers: inout HTTPHeaders, prefix: String = "x-amz-") {
        guard case .customer(let key) = settings.encryption else { return }
        let name = "\(prefix)server-side-encryption-customer"
        headers["\(name)-algorithm"] = "AES256"
        headers["\(name)-key"] = base64(key.bytes)
        headers["\(name)-key-MD5"] = base64(md5(key.bytes))
    }

    func addPayer(to headers: inout HTTPHeaders) {
        if settings.requesterPays { headers["x-amz-request-payer"] = "requester" }
    }

    /// A flat object with sorted names; all texts are printable ASCII (checked at start).
    private static func json(_ texts: [String: String]) -> String {
        func quoted(_ text: String) -> String {
            "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        return "{"
            + texts.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            .joined(separator: ",") + "}"
    }
}

/// What answers say of an object.
extension S3Store {
    func info(_ answer: S3Answer, bytes: Int64) -> ObjectInfo {
        let headers = answer.response.headers
        let modified = headers["Last-Modified"].flatMap(HTTPDate.parse) ?? answer.serverTime
        var metadata: [String: String] = [:]
        for field in headers.fields where field.name.lowercased().hasPrefix("x-amz-meta-") {
            metadata[String(field.name.lowercased().dropFirst("x-amz-meta-".count))] = field.value
        }
        return ObjectInfo(
            tag: Self.tag(headers["ETag"]), bytes: bytes, modifiedAt: modified, metadata: metadata,
            storageClass: headers["x-amz-storage-class"])
    }

    /// An entity tag without its quotes.
    static func tag(_ text: String?) -> EntityTag {
        var text = Substring(text ?? "")
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        return EntityTag(String(text))
    }

    /// The whole object's checksum, where the answer has one; a composite one (`-3` at its end) is of the checksums of
    /// the parts.
    static func checksum(_ headers: HTTPHeaders) -> Checksum? {
        guard headers["x-amz-checksum-type"] != "COMPOSITE" else { return nil }
        for algorithm in Checksum.Algorithm.allCases {
            guard let text = headers["x-amz-checksum-\(algorithm.rawValue)"], let bytes = unbase64(text),
                bytes.count == algorithm.byteCount
            else { continue }
            return Checksum(algorithm: algorithm, bytes: bytes)
        }
        return nil
    }
}
