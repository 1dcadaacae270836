public import LakeModel
internal import ObjectStorage

/// Signs requests with AWS Signature Version 4, for S3 and for any other service.
///
/// Pure: the same request, credentials and time give the same signature. Checked with AWS's own test suite.
public struct Signer: Sendable {
    public var region: String
    /// The name in the credential scope: `s3`, `sts`, `kafka-cluster`.
    public var service: String
    let pathRule: CanonicalRequest.PathRule
    /// Some services want the session token to be added after signing.
    let signsToken: Bool

    /// For S3 the path is signed as it stands; for other services it is normalised (unless told not to) and encoded
    /// once more.
    public init(region: String, service: String, normalizesPath: Bool = true, signsToken: Bool = true) {
        (self.region, self.service, self.signsToken) = (region, service, signsToken)
        let isS3 = service == "s3"
        pathRule = CanonicalRequest.PathRule(isNormalized: !isS3 && normalizesPath, isEncodedTwice: !isS3)
    }

    /// The hash that stands for a body which is not hashed (allowed over TLS only).
    public static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// The hash of a body as the signature wants it: SHA-256 in lower-case hex.
    public static func payloadHash(of chunks: [[UInt8]]) -> String {
        hexText(SHA256.hash(chunks: chunks))
    }

    /// What was signed, for tests and for people who search for a difference.
    struct Trace {
        var canonicalRequest: String
        var stringToSign: String
        var signature: String
    }

    /// Adds `Host`, `X-Amz-Date`, the session token and `Authorization` to the request's headers.
    ///
    /// `payloadHash` must be the body's, or `unsignedPayload`. Every header present is signed, except those that
    /// proxies may change; so nothing may be added to the request after this.
    public func sign(
        _ request: inout HTTPRequest, with credentials: Credentials, at time: Timestamp, payloadHash: String
    ) {
        _ = signTraced(&request, with: credentials, at: time, payloadHash: payloadHash)
    }

    func signTraced(
        _ request: inout HTTPRequest, with credentials: Credentials, at time: Timestamp, payloadHash: String
    ) -> Trace {
        if request.headers["Host"] == nil { request.headers["Host"] = request.target.authority }
        let date = HTTPDate.basic(time)
        request.headers["X-Amz-Date"] = date
        request.headers["X-Amz-Security-Token"] = signsToken ? credentials.sessionToken : nil
        let canonical = CanonicalRequest(
            method: request.method, path: request.target.path,
            queryPairs: CanonicalRequest.pairs(of: request.target.query), headers: request.headers,
            payloadHash: payloadHash, rule: pathRule)
        let trace = trace(of: canonical, with: credentials, date: date)
        request.headers["X-Amz-Security-Token"] = credentials.sessionToken
        request.headers["Authorization"] =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope(date)), "
            + "SignedHeaders=\(canonical.signedHeaders), Signature=\(trace.signature)"
        return trace
    }

    func scope(_ date: String) -> String {
        "\(date.prefix(8))/\(region)/\(service)/aws4_request"
    }

    func trace(of canonical: CanonicalRequest, with credentials: Credentials, date: String) -> Trace {
        let hash = hexText(SHA256.hash(Array(canonical.text.utf8)))
        let stringToSign = "AWS4-HMAC-SHA256\n\(date)\n\(scope(date))\n\(hash)"
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [String(date.prefix(8)), region, service, "aws4_request"] {
            key = hmacSHA256(key: key, Array(part.utf8))
        }
        let signature = hexText(hmacSHA256(key: key, Array(stringToSign.utf8)))
        return Trace(canonicalRequest: canonical.text, stringToSign: stringToSign, signature: signature)
    }
}
