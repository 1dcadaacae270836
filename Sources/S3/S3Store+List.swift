internal import LakeModel
public import ObjectStorage

extension S3Store {
    /// Keys that are none of `ObjectKey`'s (folder markers, `//`) are left out: Varve cannot have written them. Those
    /// that are no folder markers are counted.
    public func list(_ request: ListRequest) async throws(StoreError) -> ListPage {
        guard Self.isPossiblePrefix(request.prefix) else { return ListPage(objects: [], next: nil) }
        let failure: S3Failure
        switch await attempt(listing(request)) {
        case .success(let answer): return try page(answer, request)
        case .failure(let error): failure = error
        }
        // MinIO's gateway has no start-after: the whole prefix is listed, and what comes before is left out here.
        guard failure.code == "NotImplemented", request.after != nil, request.continuation == nil else {
            throw failure.error
        }
        return try page(try await perform(listing(request, fromStart: true)), request)
    }

    private func attempt(_ call: S3Call) async -> Result<S3Answer, S3Failure> {
        do {
            return .success(try await client.perform(call))
        } catch {
            return .failure(error)
        }
    }

    /// False where no `ObjectKey` can start so: some servers refuse such a prefix instead of finding nothing.
    static func isPossiblePrefix(_ prefix: String) -> Bool {
        prefix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast()
            .allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }

    private func listing(_ request: ListRequest, fromStart: Bool = false) -> S3Call {
        var call = S3Call("ListObjectsV2", "GET", key: nil)
        call.query = [("encoding-type", "url"), ("list-type", "2")]
        call.query.append(("max-keys", String(min(max(1, request.keysMax), keysPerRequestMax))))
        let prefix = folder + request.prefix
        if !prefix.isEmpty { call.query.append(("prefix", prefix)) }
        if let continuation = request.continuation {
            call.query.append(("continuation-token", continuation))
        } else if let after = request.after, !fromStart {
            call.query.append(("start-after", folder + after))
        }
        call.responseBytesMax = XMLReader.bytesMax
        call.expectedRoot = "ListBucketResult"
        addPayer(to: &call.headers)
        return call
    }

    private func page(_ answer: S3Answer, _ request: ListRequest) throws(StoreError) -> ListPage {
        let call = listing(request)
        let root = try Self.parse(answer, call)
        let isEncoded = root.value("EncodingType") == "url"
        var objects: [ListedObject] = []
        var leftOut = 0
        for entry in root.all("Contents") {
            guard let text = entry.value("Key"), let bytes = entry.value("Size").flatMap({ Int64($0) }),
                let modified = entry.value("LastModified").flatMap({ Timestamp($0) })
            else { throw Self.malformed(call, "an entry lacks key, size or date") }
            let full = isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text
            guard let key = relative(full) else {
                let isMarker = bytes == 0 && full.utf8.last == UInt8(ascii: "/")
                if !isMarker, full.startsByBytes(with: folder + request.prefix) { leftOut += 1 }
                continue
            }
            guard key.description.startsByBytes(with: request.prefix),
                request.after.map({ Self.isAfter(key, $0) }) ?? true
            else { continue }
            objects.append(
                ListedObject(key: key, bytes: bytes, modifiedAt: modified, tag: Self.tag(entry.value("ETag"))))
        }
        return ListPage(objects: objects, next: try Self.next(root, request, call), leftOut: leftOut)
    }

    private static func isAfter(_ key: ObjectKey, _ after: String) -> Bool {
        after.utf8.lexicographicallyPrecedes(key.description.utf8)
    }

    private static func next(_ root: XMLElement, _ request: ListRequest, _ call: S3Call) throws(StoreError) -> String? {
        guard root.value("IsTruncated") == "true" else { return nil }
        guard let next = root.value("NextContinuationToken"), next != request.continuation else {
            throw malformed(call, "the listing goes on but does not say where")
        }
        return next
    }

    public func listUploads(prefix: String) async throws(StoreError) -> [PendingUpload] {
        let found = try await listUploads(askingFor: folder + prefix, keeping: prefix)
        // MinIO and its kin answer only where the prefix is a whole key: ask for all and choose here.
        return found.isEmpty && !(folder + prefix).isEmpty
            ? try await listUploads(askingFor: "", keeping: prefix) : found
    }

    private func listUploads(askingFor asked: String, keeping prefix: String)
        async throws(StoreError) -> [PendingUpload]
    {
        var uploads: [PendingUpload] = []
        var marker: (key: String, upload: String)?
        for _ in 0..<Self.pagesMax {
            var call = S3Call("ListMultipartUploads", "GET", key: nil)
            call.query = [("uploads", nil), ("encoding-type", "url"), ("max-uploads", "1000")]
            if !asked.isEmpty { call.query.append(("prefix", asked)) }
            if let marker { call.query += [("key-marker", marker.key), ("upload-id-marker", marker.upload)] }
            call.responseBytesMax = XMLReader.bytesMax
            call.expectedRoot = "ListMultipartUploadsResult"
            addPayer(to: &call.headers)
            let root = try Self.parse(try await perform(call), call)
            let isEncoded = root.value("EncodingType") == "url"
            func decoded(_ text: String) -> String {
                isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text
            }
            for entry in root.all("Upload") {
                guard let text = entry.value("Key"), let upload = entry.value("UploadId"),
                    let key = relative(decoded(text)), key.description.startsByBytes(with: prefix)
                else { continue }
                let started = entry.value("Initiated").flatMap { Timestamp($0) } ?? client.now
                uploads.append(PendingUpload(key: key, upload: UploadID(upload), startedAt: started))
            }
            guard root.value("IsTruncated") == "true" else { return uploads }
            let next = (key: decoded(root.value("NextKeyMarker") ?? ""), upload: root.value("NextUploadIdMarker") ?? "")
            if next.key.isEmpty || marker.map({ $0 == next }) ?? false { return uploads }
            marker = next
        }
        return uploads
    }

    public func listParts(_ upload: UploadID, of key: ObjectKey) async throws(StoreError) -> [UploadedPart] {
        var parts: [UploadedPart] = []
        var marker = 0
        for _ in 0..<Self.pagesMax {
            var call = S3Call("ListParts", "GET", key: full(key))
            call.query = [("max-parts", "1000"), ("uploadId", upload.description)]
            if marker > 0 { call.query.append(("part-number-marker", String(marker))) }
            call.expectedRoot = "ListPartsResult"
            addCustomerKey(to: &call.headers)
            addPayer(to: &call.headers)
            let root = try Self.parse(try await perform(call), call)
            for entry in root.all("Part") {
                guard let number = entry.value("PartNumber").flatMap({ Int($0) }),
                    let bytes = entry.value("Size").flatMap({ Int64($0) })
                else { throw Self.malformed(call, "a part lacks its number or size") }
                parts.append(
                    UploadedPart(
                        number: number, tag: Self.tag(entry.value("ETag")), bytes: bytes,
                        checksum: Self.checksum(of: entry)))
            }
            let next = root.value("NextPartNumberMarker").flatMap { Int($0) } ?? parts.last?.number ?? 0
            guard root.value("IsTruncated") == "true", next > marker else { break }
            marker = next
        }
        return parts.sorted { $0.number < $1.number }
    }

    private static func checksum(of entry: XMLElement) -> Checksum? {
        for algorithm in Checksum.Algorithm.allCases {
            if let text = entry.value(algorithm.elementName), let bytes = unbase64(text) {
                return Checksum(algorithm: algorithm, bytes: bytes)
            }
        }
        return nil
    }

    static let pagesMax = 1000

    static func parse(_ answer: S3Answer, _ call: S3Call) throws(StoreError) -> XMLElement {
        do {
            return try XMLElement(parsing: answer.response.body.droppingLeadingSpace)
        } catch {
            throw malformed(call, error.reason)
        }
    }

    static func malformed(_ call: S3Call, _ reason: String) -> StoreError {
        StoreError(.corrupt, operation: call.operation, key: call.key, message: "the store's answer: \(reason)")
    }
}

extension Checksum.Algorithm {
    /// As XML spells it: `ChecksumCRC64NVME`.
    var elementName: String { "Checksum\(rawValue.uppercased())" }
}
