public import ObjectStorage

/// One request as it goes over the wire. `path` and `query` are percent-encoded already, by the same encoder that the
/// signature uses, and nothing after that changes them.
public struct HTTPRequest: Sendable {
    public var method: String
    public var target: HTTPTarget
    public var headers = HTTPHeaders()
    public var body: ObjectBody
    /// Bounds the body of a successful answer; the body of a failed one is cut at `errorBytesMax`.
    public var responseBytesMax: Int
    /// For the whole exchange; nil for the transport's own.
    public var timeout: Duration?

    public static let errorBytesMax = 1 << 20

    public init(
        _ method: String, _ target: HTTPTarget, body: ObjectBody = ObjectBody([]), responseBytesMax: Int = 16 << 20,
        timeout: Duration? = nil
    ) {
        (self.method, self.target, self.body) = (method, target, body)
        (self.responseBytesMax, self.timeout) = (responseBytesMax, timeout)
    }
}

/// Where a request goes.
public struct HTTPTarget: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public var scheme: String
    /// Host, and port where it is not the scheme's own: the value of the `Host` header.
    public var authority: String
    /// Percent-encoded, starts with a slash.
    public var path: String
    /// Percent-encoded, without the question mark; empty for none.
    public var query: String

    public init(scheme: String, authority: String, path: String = "/", query: String = "") {
        (self.scheme, self.authority, self.path, self.query) = (scheme, authority, path, query)
    }

    public var url: String { "\(scheme)://\(authority)\(path)\(query.isEmpty ? "" : "?\(query)")" }

    /// Without the query, which can hold a signature.
    public var description: String { "\(scheme)://\(authority)\(path)" }
}

public struct HTTPResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8]
    /// True where the transport sent the request more than once, because a kept connection had died under it: an
    /// earlier copy may have taken effect.
    public var wasResent: Bool

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], wasResent: Bool = false) {
        (self.status, self.headers, self.body, self.wasResent) = (status, headers, body, wasResent)
    }
}

/// Why no (whole) response came.
public struct HTTPFailure: Error, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// Name resolution, connection or proxy.
        case connect
        /// The certificate or the handshake.
        case tls
        /// The connection broke after it stood.
        case broken
        case timeout
        /// The response ended before its announced length.
        case truncated
        /// The response is larger than the request allows.
        case tooLarge
        case cancelled
        /// The request cannot be sent as it is (a line break in a header, a wrong URL, an unreadable CA file).
        case invalid
    }

    public var kind: Kind
    /// One line, no secret.
    public var message: String
    /// True where any byte of the request may have reached the server.
    public var wasSent: Bool

    public init(_ kind: Kind, _ message: String, wasSent: Bool) {
        (self.kind, self.message, self.wasSent) = (kind, message, wasSent)
    }

    public var description: String { message }
}

/// Sends one request and receives one response: no redirects, no retries, no signature.
///
/// Contract: the body is sent from its first byte; a response with any status is a response; a body shorter than its
/// announced length throws `.truncated`; cancelling the task ends the exchange soon and throws `.cancelled`.
public protocol HTTPTransport: Sendable {
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse
}
