public import LakeModel
internal import Synchronization

/// Asks one source after another and takes the first that is set up here.
///
/// Only `notConfigured` goes on to the next source: one that is set up wrongly is named instead of being passed over.
/// Nor is one passed over that gave credentials before: a file that is just being written must not turn a process into
/// somebody else.
public final class CredentialsChain: CredentialsProvider {
    private let sources: [any CredentialsProvider]
    private let chosen = Mutex<Int?>(nil)

    public init(_ sources: [any CredentialsProvider]) {
        self.sources = sources
    }

    public func credentials() async throws(CredentialsError) -> Credentials {
        var reasons: [String] = []
        let last = chosen.withLock { $0 }
        for (index, source) in sources.enumerated() {
            do {
                let found = try await source.credentials()
                chosen.withLock { $0 = index }
                return found
            } catch  where error.kind == .notConfigured && index == last {
                throw CredentialsError(.unavailable, "\(error.message); it gave credentials before")
            } catch  where error.kind == .notConfigured {
                reasons.append(error.message)
            } catch {
                throw error
            }
        }
        throw CredentialsError(
            .notConfigured,
            "no credentials found (\(reasons.joined(separator: "; "))); set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, a profile or a role")
    }

    public func discard(_ credentials: Credentials) async {
        for source in sources { await source.discard(credentials) }
    }

    /// AWS's usual order: environment, web identity, profile, container, instance; renewed before they expire.
    ///
    /// - Parameters:
    ///   - profile: overrides `AWS_PROFILE`.
    ///   - role: is assumed with what the chain finds.
    ///   - region: of the token service; nil for `AWS_REGION`, else `us-east-1`.
    ///   - transport: for the token service.
    ///   - localTransport: for container and instance endpoints; must not use a proxy.
    public static func standard(
        environment: [String: String], profile: String? = nil, role: AssumedRole? = nil, region: String? = nil,
        transport: any HTTPTransport, localTransport: any HTTPTransport, files: FileReader = .system,
        clock: any LakeClock
    ) -> any CredentialsProvider {
        let tools = CredentialsTools(
            environment: environment, region: region, transport: transport, localTransport: localTransport,
            files: files, clock: clock)
        var sources: [any CredentialsProvider] = [ProfileCredentials(tools: tools, name: profile)]
        if profile == nil {
            // A profile asked for by name comes before variables that happen to be set, as in AWS's tools.
            sources = [EnvironmentCredentials(environment), EnvironmentWebIdentity(tools: tools)] + sources
        }
        sources += [tools.container, tools.instance]
        let chain = CredentialsChain(sources)
        guard let role else { return RefreshingCredentials(chain, clock: clock) }
        let assumed = AssumeRoleCredentials(
            role: role, source: RefreshingCredentials(chain, clock: clock), service: tools.tokenService(region: nil))
        return RefreshingCredentials(assumed, clock: clock)
    }
}

/// The web identity that EKS puts in a pod's environment.
struct EnvironmentWebIdentity: CredentialsProvider {
    let tools: CredentialsTools

    func credentials() async throws(CredentialsError) -> Credentials {
        guard let tokenFile = tools.environment.setValue("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            throw CredentialsError(.notConfigured, "AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let arn = tools.environment.setValue("AWS_ROLE_ARN") else {
            throw CredentialsError(.invalid, "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN")
        }
        var role = AssumedRole(arn: arn)
        if let session = tools.environment.setValue("AWS_ROLE_SESSION_NAME") { role.sessionName = session }
        let provider = WebIdentityCredentials(
            role: role, tokenFile: tokenFile, files: tools.files, service: tools.tokenService(region: nil))
        return try await provider.credentials()
    }

    func discard(_ credentials: Credentials) async {}
}

/// What the sources of credentials share.
struct CredentialsTools: Sendable {
    let environment: [String: String]
    let region: String?
    let transport: any HTTPTransport
    let files: FileReader
    let clock: any LakeClock
    let container: ContainerCredentials
    let instance: InstanceCredentials

    init(
        environment: [String: String], region: String?, transport: any HTTPTransport,
        localTransport: any HTTPTransport, files: FileReader, clock: any LakeClock
    ) {
        (self.environment, self.region, self.transport) = (environment, region, transport)
        (self.files, self.clock) = (files, clock)
        container = ContainerCredentials(environment: environment, files: files, transport: localTransport)
        instance = InstanceCredentials(environment: environment, transport: localTransport)
    }

    func tokenService(region own: String?) -> SecurityTokenService {
        let region = own ?? region ?? AWSEnvironment.region(environment) ?? "us-east-1"
        return SecurityTokenService(
            transport: transport, clock: clock, region: region,
            endpoint: environment.setValue("AWS_ENDPOINT_URL_STS"))
    }

    func profileFile() -> ProfileFile { AWSEnvironment.profileFile(environment, files) }
}

/// What AWS's variables and shared files say besides credentials.
public enum AWSEnvironment {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    static func region(_ environment: [String: String]) -> String? {
        environment.setValue("AWS_REGION") ?? environment.setValue("AWS_DEFAULT_REGION")
    }

    /// The region of the variables, else that of the profile.
    public static func region(_ environment: [String: String], profile: String? = nil, files: FileReader = .system)
        -> String?
    {
        if let region = region(environment) { return region }
        let name = profile ?? environment.setValue("AWS_PROFILE") ?? "default"
        return profileFile(environment, files).profiles[name]?["region"]
    }

    /// The S3 endpoint that the variables name: `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`.
    public static func endpoint(_ environment: [String: String]) -> String? {
        environment.setValue("AWS_ENDPOINT_URL_S3") ?? environment.setValue("AWS_ENDPOINT_URL")
    }

    static func profileFile(_ environment: [String: String], _ files: FileReader) -> ProfileFile {
        let home = environment.setValue("HOME").map { "\($0)/.aws/" }
        let credentials = environment.setValue("AWS_SHARED_CREDENTIALS_FILE") ?? home.map { "\($0)credentials" }
        let config = environment.setValue("AWS_CONFIG_FILE") ?? home.map { "\($0)config" }
        return ProfileFile(
            credentials: credentials.flatMap(files.read) ?? "", config: config.flatMap(files.read) ?? "")
    }
}
