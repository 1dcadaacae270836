public import ObjectStorage

extension S3Store {
    public func delete(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        guard keys.count <= keysPerRequestMax else {
            throw StoreError(
                .invalid, operation: "DeleteObjects",
                message: "\(keys.count) keys; at most \(keysPerRequestMax) at a time")
        }
        if settings.deletesVersions { return try await deleteVersions(keys) }
        guard keys.count > 1 else {
            for key in keys { try await deleteOne(key) }
            return []
        }
        var left = keys
        var failures: [DeleteFailure] = []
        for attempt in 1...max(1, settings.attemptsMax) {
            let refused: [(key: ObjectKey, code: String, message: String)]
            do {
                refused = try await deleteMany(left)
            } catch  where error.status == 501 || error.code == "NotImplemented" {
                for key in left { try await deleteOne(key) }
                return failures
            } catch {
                throw error.error
            }
            // A key refused for a passing reason is sent again; the rest of the batch is gone already.
            left = []
            for (key, code, message) in refused {
                if Self.passingCodes.contains(code), attempt < settings.attemptsMax {
                    left.append(key)
                } else {
                    let reason = [code, message].filter { !$0.isEmpty }.joined(separator: ": ")
                    failures.append(DeleteFailure(key: key, reason: reason))
                }
            }
            if left.isEmpty { break }
        }
        return failures
    }

    private static let passingCodes: Set<String> = [
        "InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted",
    ]

    private func deleteOne(_ key: ObjectKey) async throws(StoreError) {
        var call = S3Call("DeleteObject", "DELETE", key: full(key))
        call.mutates = true
        addPayer(to: &call.headers)
        do {
            _ = try await client.perform(call)
        } catch  where error.error.kind == .notFound && error.code != "NoSuchBucket" {
            return
        } catch {
            throw error.error
        }
    }

    /// One request for many keys. `Content-MD5` for stores that follow the first edition of the protocol, a checksum
    /// for those that want one of the newer kinds.
    private func deleteMany(_ keys: [ObjectKey])
        async throws(S3Failure) -> [(key: ObjectKey, code: String, message: String)]
    {
        let entries = keys.map { "<Object><Key>\(XMLElement.escaped(full($0)))</Key></Object>" }.joined()
        return try await deleteObjects(entries)
    }

    /// Sends `Object` elements to be deleted, and returns those that were refused.
    func deleteObjects(_ entries: String)
        async throws(S3Failure) -> [(key: ObjectKey, code: String, message: String)]
    {
        var call = S3Call("DeleteObjects", "POST", key: nil)
        call.query = [("delete", nil)]
        let document = Array(
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<Quiet>true</Quiet>\(entries)</Delete>").utf8)
        call.body = ObjectBody(document)
        call.headers["Content-Type"] = "application/xml"
        call.headers["Content-MD5"] = base64(md5(document))
        addChecksum(nil, of: call.body, to: &call.headers)
        addPayer(to: &call.headers)
        (call.mutates, call.expectedRoot) = (true, "DeleteResult")
        let answer = try await client.perform(call)
        let root = try? Self.parse(answer, call)
        var refused: [(key: ObjectKey, code: String, message: String)] = []
        for entry in root?.all("Error") ?? [] {
            let code = entry.value("Code")?.plain(max: 64) ?? ""
            guard let text = entry.value("Key"), let key = relative(text) else {
                // Whichever was meant: none of them can be taken for deleted.
                let error = StoreError(
                    .unavailable, operation: call.operation, message: "\(code): refused a key without naming it",
                    mayHaveHappened: true)
                throw S3Failure(error: error, code: code, status: answer.response.status, wasAmbiguous: true)
            }
            if code == "NoSuchKey" { continue }
            refused.append((key, code, entry.value("Message")?.plain(max: 200) ?? ""))
        }
        return refused
    }
}
