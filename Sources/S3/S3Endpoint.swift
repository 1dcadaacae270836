internal import ObjectStorage

/// Where a bucket is reached.
struct S3Endpoint: Sendable, Hashable {
    var scheme: String
    /// Host and port without the bucket.
    var authority: String
    /// Before the bucket in path style; empty or `/base`.
    var basePath: String
    var bucket: String
    var isVirtualHost: Bool

    /// Reads the settings for `region`; the message of a failure says what to correct.
    init(_ settings: S3Settings, region: String) throws(StoreError) {
        bucket = settings.bucket
        guard Self.isPlausibleBucket(bucket) else {
            throw Self.refuse("\(bucket) is not a bucket name: use letters, digits, dots and hyphens")
        }
        guard region.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) }), !region.isEmpty else {
            throw Self.refuse("the region holds characters that no region has")
        }
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let text = settings.endpoint ?? "https://s3.\(region).\(domain)"
        (scheme, authority, basePath) = try Self.split(text)
        switch settings.addressing {
        case .path: isVirtualHost = false
        case .virtualHost: isVirtualHost = true
        case .automatic: isVirtualHost = Self.isAWS(authority) && Self.isHostLabel(bucket)
        }
    }

    var isTLS: Bool { scheme == "https" }

    /// True where requests do not leave the machine.
    var isLoopback: Bool {
        let isIPv6 = authority == "[::1]" || authority.hasPrefix("[::1]:")
        let host = authority.prefix { $0 != ":" }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return isIPv6 || host == "localhost" || octets.count == 4 && octets[0] == 127 && !octets.contains(nil)
    }

    func target(key: String?, query: [(name: String, value: String?)]) -> HTTPTarget {
        let keyPath = key.map { "/" + PercentEncoding.path($0) } ?? (isVirtualHost ? "/" : "")
        let path = isVirtualHost ? basePath + keyPath : "\(basePath)/\(PercentEncoding.component(bucket))\(keyPath)"
        let host = isVirtualHost ? "\(bucket).\(authority)" : authority
        return HTTPTarget(scheme: scheme, authority: host, path: path, query: PercentEncoding.query(query))
    }

    /// This endpoint moved to where a redirect points, or nil where credentials must not follow it: to another domain
    /// or port, or from TLS to plain HTTP.
    func redirected(scheme newScheme: String?, authority newAuthority: String) -> S3Endpoint? {
        var moved = self
        moved.scheme = newScheme ?? scheme
        guard moved.scheme == scheme || moved.scheme == "https" else { return nil }
        var host = newAuthority.lowercased()
        if host.hasPrefix("\(bucket.lowercased()).") {
            host.removeFirst(bucket.count + 1)
            moved.isVirtualHost = true
        }
        let own = authority.lowercased()
        let isSameAWS = Self.isAWS(own) && Self.isAWS(host) && own.hasSuffix(".cn") == host.hasSuffix(".cn")
        guard host == own || host.hasSuffix("." + own) || isSameAWS else { return nil }
        moved.authority = host
        return moved
    }

    static func isAWS(_ authority: String) -> Bool {
        authority.hasSuffix(".amazonaws.com") || authority.hasSuffix(".amazonaws.com.cn")
    }

    /// Splits `https://host:port/base`; refuses user names, queries and other schemes.
    static func split(_ text: String) throws(StoreError) -> (scheme: String, authority: String, basePath: String) {
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "http:" || parts[0] == "https:", parts[1].isEmpty, !parts[2].isEmpty else {
            throw refuse("the endpoint must look like https://host or http://host:port")
        }
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isPlain, !text.contains("@"), !text.contains("?"), !text.contains("#") else {
            throw refuse("the endpoint must hold no user name, query or fragment")
        }
        let scheme = String(parts[0].dropLast())
        var authority = parts[2].lowercased()
        let defaultPort = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(defaultPort) { authority.removeLast(defaultPort.count) }
        var base = parts.count > 3 ? "/" + parts[3] : ""
        while base.hasSuffix("/") { base.removeLast() }
        return (scheme, authority, base)
    }

    private static func isPlausibleBucket(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
    }

    /// A name that is one label of a host name, so that the certificate's wildcard covers it.
    private static func isHostLabel(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && !name.contains(".") && !name.contains("_")
            && !name.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }

    private static func refuse(_ message: String) -> StoreError {
        StoreError(.invalid, operation: "settings", message: message)
    }
}
