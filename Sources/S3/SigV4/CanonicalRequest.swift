/// A request in the one form that both sides hash (AWS General Reference, "Create a signed AWS API request", step 1).
struct CanonicalRequest {
    var text: String
    /// Lower-case names, sorted, joined by semicolons.
    var signedHeaders: String

    /// How a service wants the path to be read.
    struct PathRule: Sendable {
        /// `.` and `..` segments and repeated slashes are resolved first. Not for S3, whose keys may hold them.
        var isNormalized: Bool
        /// The path, encoded on the wire, is encoded once more. Not for S3.
        var isEncodedTwice: Bool
    }

    init(
        method: String, path: String, queryPairs: [(String, String)], headers: HTTPHeaders, payloadHash: String,
        rule: PathRule
    ) {
        let fields = Self.canonicalHeaders(headers)
        signedHeaders = fields.map(\.name).joined(separator: ";")
        let lines = fields.map { "\($0.name):\($0.value)\n" }.joined()
        let query = Self.canonicalQuery(queryPairs)
        text = [method, Self.canonicalPath(path, rule), query, lines, signedHeaders, payloadHash]
            .joined(separator: "\n")
    }

    /// Pairs of a query as it stands on the wire, decoded; a name without a value has the empty one.
    static func pairs(of query: String) -> [(String, String)] {
        query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (PercentEncoding.decode(parts[0]), parts.count == 2 ? PercentEncoding.decode(parts[1]) : "")
        }
    }

    private static func canonicalQuery(_ pairs: [(String, String)]) -> String {
        let encoded = pairs.map { (PercentEncoding.component($0.0), PercentEncoding.component($0.1)) }
        return encoded.sorted { $0.0 == $1.0 ? byteOrder($0.1, $1.1) : byteOrder($0.0, $1.0) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    static func canonicalPath(_ path: String, _ rule: PathRule) -> String {
        let normal = rule.isNormalized ? normalized(path) : path
        let absolute = normal.startsByBytes(with: "/") ? normal : "/" + normal
        return rule.isEncodedTwice ? PercentEncoding.path(absolute) : absolute
    }

    /// RFC 3986, section 5.2.4, and repeated slashes become one; a trailing slash stays.
    private static func normalized(_ path: String) -> String {
        var kept: [Substring] = []
        for segment in path.split(separator: "/") {
            switch segment {
            case ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        let endsOpen = path.hasSuffix("/") && !kept.isEmpty
        return "/" + kept.joined(separator: "/") + (endsOpen ? "/" : "")
    }

    /// Names in lower case, values of one name joined by commas, inner white space folded, sorted by name.
    private static func canonicalHeaders(_ headers: HTTPHeaders) -> [(name: String, value: String)] {
        var order: [String] = []
        var values: [String: [String]] = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            guard !unsigned.contains(name) else { continue }
            if values[name] == nil { order.append(name) }
            values[name, default: []].append(folded(field.value))
        }
        return order.sorted(by: byteOrder).map { ($0, values[$0, default: []].joined(separator: ",")) }
    }

    /// What proxies and libraries on the way may add or change.
    private static let unsigned: Set<String> = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    private static func folded(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" || $0.isNewline }.joined(separator: " ")
    }

    private static func byteOrder(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }
}
