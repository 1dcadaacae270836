public import LakeModel
import ObjectStorage
import Operations
import Synchronization

/// Who may read the console: everyone who reaches it, or who knows the token.
///
/// The token comes in an `Authorization: Bearer` header, or once in a sign-in, which sets a cookie: a session that is a
/// signed expiry and not the token. Both are compared in constant time. Changing the token ends all sessions. Without a
/// token only requests for this machine's own names are answered, so that no web page elsewhere can reach a console
/// on loopback through a name of its own (DNS rebinding).
public final class ConsoleDoor: Sendable {
    public static let cookieName = "varve_session"
    public static let sessionLife = Duration.seconds(12 * 3600)
    /// Wrong tokens that are looked at in a minute; beyond it the door answers nobody who has only a token.
    static let failuresMax = 20

    private let key: [UInt8]?
    private let hosts: Set<String>
    private let clock: any LakeClock
    private let failures = Mutex((count: 0, since: Duration.zero))

    /// - Parameters:
    ///   - token: nil lets everyone in.
    ///   - hosts: further names under which this console is reached where there is no token.
    public init(token: String?, hosts: Set<String> = [], clock: any LakeClock) {
        key = token.map { SHA256.hash(Array("varve console \($0)".utf8)) }
        (self.hosts, self.clock) = (Set(hosts.map { $0.lowercased() }), clock)
    }

    var asksForToken: Bool { key != nil }

    enum Verdict: Equatable {
        case admitted, needsToken, tooManyFailures, foreignHost
    }

    func judge(_ request: WebRequest) -> Verdict {
        guard let key else { return isOwnHost(request.headers["host"]) ? .admitted : .foreignHost }
        for cookie in cookies(request) where isSession(cookie, key) { return .admitted }
        guard let header = request.headers["authorization"] else { return .needsToken }
        guard header.prefix(7).lowercased() == "bearer " else { return .needsToken }
        return check(String(header.dropFirst(7)), key)
    }

    /// The `Set-Cookie` value of a new session; nil where the token is wrong.
    func signIn(_ token: String, isSecure: Bool) -> (verdict: Verdict, cookie: String?) {
        guard let key else { return (.admitted, nil) }
        let verdict = check(token, key)
        guard verdict == .admitted else { return (verdict, nil) }
        let seconds = Self.sessionLife.components.seconds
        let end = clock.now().milliseconds / 1000 + seconds
        return (.admitted, cookie("\(end).\(signature(end, key))", maxAge: seconds, isSecure: isSecure))
    }

    func signOut(isSecure: Bool) -> String { cookie("", maxAge: 0, isSecure: isSecure) }

    private func cookie(_ value: String, maxAge: Int64, isSecure: Bool) -> String {
        "\(Self.cookieName)=\(value); Path=/; Max-Age=\(maxAge); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }

    private func check(_ token: String, _ key: [UInt8]) -> Verdict {
        let now = clock.elapsed()
        let isOpen = failures.withLock { failures in
            if now - failures.since >= .seconds(60) { failures = (0, now) }
            return failures.count < Self.failuresMax
        }
        guard isOpen else { return .tooManyFailures }
        if isSame(SHA256.hash(Array("varve console \(token)".utf8)), key) { return .admitted }
        failures.withLock { $0.count += 1 }
        return .needsToken
    }

    private func signature(_ end: Int64, _ key: [UInt8]) -> String {
        hmacSHA256(key: key, Array("session until \(end)".utf8)).map { hex(UInt64($0)).suffix(2) }.joined()
    }

    private func isSession(_ text: Substring, _ key: [UInt8]) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 12, let end = Int64(parts[0]), "\(end)" == parts[0],
            isSame(Array(parts[1].utf8), Array(signature(end, key).utf8))
        else { return false }
        let now = clock.now().milliseconds / 1000
        // Not from a clock that ran ahead, either.
        return end > now && end <= now + Self.sessionLife.components.seconds + 300
    }

    private func cookies(_ request: WebRequest) -> [Substring] {
        (request.headers["cookie"] ?? "").split(separator: ";").prefix(50).compactMap { pair in
            let pair = pair.drop { $0 == " " }
            guard pair.hasPrefix(Self.cookieName + "=") else { return nil }
            return pair.dropFirst(Self.cookieName.count + 1)
        }
    }

    /// An address, `localhost`, or a name that was given: a browser sends the name that it asked for.
    private func isOwnHost(_ header: String?) -> Bool {
        guard var host = header?.lowercased() else { return true }
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            let port = host[end...].dropFirst()
            let isPort = port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy(\.isNumber))
            return isPort && host[..<end].dropFirst().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        if let colon = host.lastIndex(of: ":") { host = String(host[..<colon]) }
        let isAddress = !host.isEmpty && host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress || host == "localhost" || hosts.contains(host)
    }
}

/// Compares without a hint in its time at where the difference is.
func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in a.indices { difference |= a[index] ^ b[index] }
    return difference == 0
}
