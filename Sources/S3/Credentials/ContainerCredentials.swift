/// Credentials of an ECS task or an EKS pod, from the endpoint that its agent names in the environment.
struct ContainerCredentials: CredentialsProvider {
    let environment: [String: String]
    let files: FileReader
    /// Without a proxy: the endpoint is on this machine.
    let transport: any HTTPTransport

    func credentials() async throws(CredentialsError) -> Credentials {
        var request = HTTPRequest("GET", try target(), responseBytesMax: 1 << 20, timeout: .seconds(2))
        request.headers["Accept"] = "application/json"
        if let token = try token() { request.headers["Authorization"] = token }
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            throw CredentialsError(.unavailable, "container credentials: \(error.message)")
        }
        guard response.status == 200 else {
            let kind: CredentialsError.Kind = [401, 403].contains(response.status) ? .denied : .unavailable
            throw CredentialsError(kind, "container credentials: status \(response.status)")
        }
        return try CredentialsDocument.parse(response.body, from: "container credentials")
    }

    func discard(_ credentials: Credentials) async {}

    private func target() throws(CredentialsError) -> HTTPTarget {
        if let path = environment.setValue("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw CredentialsError(.invalid, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must start with a slash")
            }
            return Self.target("http", "169.254.170.2", path)
        }
        guard let url = environment.setValue("AWS_CONTAINER_CREDENTIALS_FULL_URI") else {
            throw CredentialsError(.notConfigured, "no container credentials endpoint is set")
        }
        let words = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let isWeb = words.count >= 3 && words[1].isEmpty && !words[2].isEmpty && !words[2].contains("@")
        guard isWeb, words[0] == "http:" || words[0] == "https:" else {
            throw CredentialsError(.invalid, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http or https address")
        }
        guard words[0] == "https:" || Self.isLocal(String(words[2])) else {
            throw CredentialsError(
                .invalid, "AWS_CONTAINER_CREDENTIALS_FULL_URI is plain http to another host; use https")
        }
        return Self.target(String(words[0].dropLast()), String(words[2]), "/" + (words.count > 3 ? words[3] : ""))
    }

    private static func target(_ scheme: String, _ authority: String, _ pathAndQuery: String) -> HTTPTarget {
        let parts = pathAndQuery.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPTarget(
            scheme: scheme, authority: authority, path: String(parts[0]),
            query: parts.count > 1 ? String(parts[1]) : "")
    }

    /// Loopback, and the link-local addresses of the ECS and EKS agents: where plain HTTP does not leave the machine.
    static func isLocal(_ authority: String) -> Bool {
        var host = Substring(authority.lowercased())
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        if ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(String(host)) {
            return true
        }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return octets.count == 4 && octets[0] == 127 && octets.allSatisfy { $0 != nil }
    }

    private func token() throws(CredentialsError) -> String? {
        var token = environment.setValue("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let path = environment.setValue("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let text = files.read(path)?[...].trimmed, !text.isEmpty else {
                throw CredentialsError(.invalid, "the container token file \(path) is missing or empty")
            }
            token = text
        }
        guard token?.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) ?? true else {
            throw CredentialsError(.invalid, "the container authorization token holds control characters")
        }
        return token
    }
}
