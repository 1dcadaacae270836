internal import LakeModel
internal import ObjectStorage

/// Deleting in buckets that keep versions: where the settings ask for it, a key is deleted with all its versions and
/// delete markers, so that nothing of its bytes stays.
extension S3Store {
    /// One version of a key, as the bucket names it.
    struct KeyVersion: Hashable {
        var key: ObjectKey
        var version: String
    }

    /// Versions that are looked at for one key; more than that is no key of ours.
    static let versionsMax = 10_000

    func deleteVersions(_ keys: [ObjectKey]) async throws(StoreError) -> [DeleteFailure] {
        var versions: [KeyVersion] = []
        for key in keys { versions += try await self.versions(of: key) }
        var failures: [DeleteFailure] = []
        for start in stride(from: 0, to: versions.count, by: keysPerRequestMax) {
            let batch = Array(versions[start..<min(start + keysPerRequestMax, versions.count)])
            failures += try await delete(batch)
        }
        return failures
    }

    /// Every version and delete marker of exactly this key (ListObjectVersions).
    private func versions(of key: ObjectKey) async throws(StoreError) -> [KeyVersion] {
        var found: [KeyVersion] = []
        var seen = 0
        var marker: (key: String, version: String)?
        repeat {
            var call = S3Call("ListObjectVersions", "GET", key: nil)
            call.query = [("encoding-type", "url"), ("prefix", full(key)), ("versions", nil)]
            if let marker {
                call.query += [("key-marker", marker.key), ("version-id-marker", marker.version)]
            }
            call.query.sort { $0.0 < $1.0 }
            (call.responseBytesMax, call.expectedRoot) = (XMLReader.bytesMax, "ListVersionsResult")
            addPayer(to: &call.headers)
            let root = try Self.parse(try await perform(call), call)
            let isEncoded = root.value("EncodingType") == "url"
            func decoded(_ text: String) -> String {
                isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text
            }
            for entry in root.all("Version") + root.all("DeleteMarker") {
                guard let text = entry.value("Key"), let version = entry.value("VersionId") else {
                    throw Self.malformed(call, "an entry lacks key or version")
                }
                // The prefix finds longer keys too.
                guard decoded(text) == full(key) else { continue }
                found.append(KeyVersion(key: key, version: version))
            }
            seen += root.all("Version").count + root.all("DeleteMarker").count
            guard seen <= Self.versionsMax else {
                throw Self.malformed(call, "\(key) has more than \(Self.versionsMax) versions")
            }
            guard root.value("IsTruncated") == "true" else { return found }
            guard let next = root.value("NextKeyMarker").map(decoded) else {
                throw Self.malformed(call, "the listing goes on but does not say where")
            }
            let version = root.value("NextVersionIdMarker") ?? ""
            guard marker.map({ $0.key != next || $0.version != version }) ?? true else {
                throw Self.malformed(call, "the listing does not go on")
            }
            marker = (next, version)
        } while true
    }

    /// One request for many versions (DeleteObjects with VersionId).
    private func delete(_ versions: [KeyVersion]) async throws(StoreError) -> [DeleteFailure] {
        let entries = versions.map { version in
            "<Object><Key>\(XMLElement.escaped(full(version.key)))</Key>"
                + "<VersionId>\(XMLElement.escaped(version.version))</VersionId></Object>"
        }
        let answer: [(key: ObjectKey, code: String, message: String)]
        do {
            answer = try await deleteObjects(entries.joined())
        } catch {
            throw error.error
        }
        return answer.filter { $0.code != "NoSuchVersion" }.map { refusal in
            let reason = [refusal.code, refusal.message].filter { !$0.isEmpty }.joined(separator: ": ")
            return DeleteFailure(key: refusal.key, reason: reason)
        }
    }
}
