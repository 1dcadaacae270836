/// How `CurlTransport` connects: plain values.
public struct CurlSettings: Sendable {
    public enum Proxy: Sendable, Hashable {
        /// `http_proxy`, `https_proxy` and `no_proxy`, as curl reads them.
        case environment
        case none
        /// `http://user:password@host:port`; never printed.
        case url(String)
    }

    /// Worker threads, and so connections and uploads at the same time.
    public var connectionsMax = 16
    public var connectTimeout = Duration.seconds(10)
    /// An exchange slower than `lowSpeedBytesPerSecond` for this long is given up. Also bounds the wait for an answer.
    public var lowSpeedTime = Duration.seconds(60)
    public var lowSpeedBytesPerSecond = 1
    /// For a whole exchange; zero for none.
    public var totalTimeout = Duration.zero
    /// Kept connections idle for longer are not used again: servers close theirs after 20 to 60 seconds.
    public var keepAliveMax = Duration.seconds(20)
    /// Bodies at least this large wait for `100 Continue` before they are sent.
    public var expectContinueBytesMin = 1 << 20
    /// How long they wait: a server that does not know the question says nothing.
    public var expectContinueTimeout = Duration.seconds(1)
    /// PEM file of certificate authorities; nil for the system's.
    public var caFile: String?
    /// Turns certificate checks off.
    public var insecureTLS = false
    public var proxy = Proxy.environment
    public var userAgent = "varve"

    public init() {}
}

extension CurlSettings.Proxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .environment: "environment"
        case .none: "none"
        case .url: "(set)"
        }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["proxy": description]) }
}

extension Duration {
    /// Whole milliseconds, never negative, at most what curl's `long` options hold safely.
    var curlMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(max(0, min(seconds, 1_000_000))) * 1000 + Int(max(0, attoseconds) / 1_000_000_000_000_000)
    }
}
