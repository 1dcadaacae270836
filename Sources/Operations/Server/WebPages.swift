/// A request as pages see it: already parsed, bounded, and without the server's own types.
public struct WebRequest: Sendable {
    /// In capitals, as HTTP has it.
    public var method: String
    /// Decoded and beginning with a slash; without the query.
    public var path: String
    /// Names and values of the query, decoded, in order.
    public var query: [(name: String, value: String)]
    /// By their names in lower case; the first value counts.
    public var headers: [String: String]
    /// At most `OperationsServer.bodyBytesMax` bytes.
    public var body: [UInt8]

    public init(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [], headers: [String: String] = [:],
        body: [UInt8] = []
    ) {
        (self.method, self.path, self.query, self.headers, self.body) = (method, path, query, headers, body)
    }

    /// The first value of a query's name.
    public func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What a page answers.
public struct WebAnswer: Sendable {
    public var status: Int
    public var contentType: String
    /// Further headers; values hold no line break.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(
        _ status: Int, _ contentType: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        (self.status, self.contentType, self.headers, self.body) = (status, contentType, headers, body)
    }
}

/// Pages beside health and metrics; nil for a path that is none of theirs.
public typealias WebPages = @Sendable (WebRequest) async -> WebAnswer?
