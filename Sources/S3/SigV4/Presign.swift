public import LakeModel
internal import ObjectStorage

extension Signer {
    /// The longest life of a presigned URL that S3 takes: seven days.
    public static let presignedLifeMax = Duration.seconds(7 * 86_400)

    /// The request's target with the signature in its query, so that whoever has the URL can send the request for as
    /// long as it lives. The URL is a secret.
    ///
    /// Headers present are signed and must be sent as they are. `life` is cut to `presignedLifeMax`.
    public func presigned(
        _ request: HTTPRequest, with credentials: Credentials, at time: Timestamp, life: Duration,
        payloadHash: String = Signer.unsignedPayload
    ) -> HTTPTarget {
        presignedTraced(request, with: credentials, at: time, life: life, payloadHash: payloadHash).target
    }

    func presignedTraced(
        _ request: HTTPRequest, with credentials: Credentials, at time: Timestamp, life: Duration, payloadHash: String
    ) -> (target: HTTPTarget, trace: Trace) {
        var headers = request.headers
        if headers["Host"] == nil { headers["Host"] = request.target.authority }
        let date = HTTPDate.basic(time)
        let seconds = max(1, min(life, Self.presignedLifeMax).components.seconds)
        let names = CanonicalRequest(
            method: "", path: "/", queryPairs: [], headers: headers, payloadHash: "", rule: pathRule
        ).signedHeaders
        var added: [(name: String, value: String)] = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(date))"),
            ("X-Amz-Date", date), ("X-Amz-SignedHeaders", names), ("X-Amz-Expires", String(seconds)),
        ]
        let token = credentials.sessionToken.map { (name: "X-Amz-Security-Token", value: $0) }
        if signsToken, let token { added.append(token) }
        let canonical = CanonicalRequest(
            method: request.method, path: request.target.path,
            queryPairs: CanonicalRequest.pairs(of: request.target.query) + added.map { ($0.name, $0.value) },
            headers: headers, payloadHash: payloadHash, rule: pathRule)
        let trace = trace(of: canonical, with: credentials, date: date)
        if !signsToken, let token { added.append(token) }
        added.append(("X-Amz-Signature", trace.signature))
        var target = request.target
        let query = PercentEncoding.query(added.map { ($0.name, $0.value) })
        target.query = target.query.isEmpty ? query : "\(target.query)&\(query)"
        return (target, trace)
    }
}
