public import LakeModel
public import ObjectStorage

/// An `ObjectStore` on one prefix of one bucket of S3 or anything that speaks its protocol.
///
/// Retries, redirects, clock and credential corrections happen inside, within the bounds of the settings; each HTTP
/// attempt is reported to the observer. Keys in errors are those in the bucket, prefix included.
public struct S3Store: ObjectStore {
    let client: S3Client
    let settings: S3Settings
    /// Empty, or ends with a slash.
    let folder: String

    /// Throws `.invalid` for settings that cannot work, and says which.
    ///
    /// `random` feeds the jitter of retries. `observer` is called after each HTTP attempt, on the caller's task.
    public init(
        _ settings: S3Settings, credentials: any CredentialsProvider, transport: any HTTPTransport,
        clock: any LakeClock, random: any RandomNumberGenerator & Sendable,
        observer: (@Sendable (S3RequestRecord) -> Void)? = nil
    ) throws(StoreError) {
        client = try S3Client(
            settings, transport: transport, credentials: credentials, clock: clock, random: random,
            observer: observer)
        self.settings = settings
        folder = settings.prefix.isEmpty ? "" : settings.prefix + "/"
        try Self.check(settings, isTLS: client.endpoint.isTLS, isLoopback: client.endpoint.isLoopback)
    }

    /// A store with a transport of its own, made as `settings.connection` says.
    public init(
        _ settings: S3Settings, credentials: any CredentialsProvider, clock: any LakeClock,
        random: any RandomNumberGenerator & Sendable, observer: (@Sendable (S3RequestRecord) -> Void)? = nil
    ) throws(StoreError) {
        try self.init(
            settings, credentials: credentials, transport: CurlTransport(settings.connection), clock: clock,
            random: random, observer: observer)
    }

    public var location: String { "s3://\(settings.bucket)" + (settings.prefix.isEmpty ? "" : "/\(settings.prefix)") }

    /// The region in use: as set, or as the store corrected it.
    public var region: String { client.region }

    /// How far the store's clock is ahead of this machine's, where it had to be learned; zero otherwise.
    public var clockOffset: Duration { client.clockOffset }

    /// A URL with which anyone can GET (or PUT) the object until `life` has passed. It is a secret.
    public func presignedURL(_ method: String, _ key: ObjectKey, life: Duration) async throws(StoreError) -> String {
        let credentials = try await client.currentCredentials(for: "presign")
        let request = HTTPRequest(method, client.endpoint.target(key: folder + key.description, query: []))
        return Signer(region: client.region, service: "s3")
            .presigned(request, with: credentials, at: client.now, life: life).url
    }

    private static func check(_ settings: S3Settings, isTLS: Bool, isLoopback: Bool) throws(StoreError) {
        func refuse(_ message: String) -> StoreError { StoreError(.invalid, operation: "settings", message: message) }
        if !settings.prefix.isEmpty, ObjectKey(settings.prefix) == nil {
            throw refuse("the prefix must not start or end with a slash, nor hold empty, . or .. segments")
        }
        if settings.payload == .unsigned, !isTLS, !isLoopback {
            throw refuse("unsigned payloads need https: over plain http nothing would protect the body")
        }
        if case .customer = settings.encryption, !isTLS {
            throw refuse("customer keys need https: over plain http the key would travel in the clear")
        }
        if case .kms(let keyID, let context) = settings.encryption {
            let texts = [keyID ?? ""] + context.keys + context.values
            guard texts.allSatisfy({ $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } }) else {
                throw refuse("the kms key id and context must be printable ASCII")
            }
        }
        if settings.tags.count > 10 { throw refuse("S3 takes at most ten tags") }
    }

    /// The key in the bucket.
    func full(_ key: ObjectKey) -> String { folder + key.description }

    /// Throws where the prefix makes a key longer than S3 takes.
    func checkLength(_ key: ObjectKey, _ operation: String) throws(StoreError) {
        let count = full(key).utf8.count
        guard count <= 1024 else {
            throw StoreError(
                .invalid, operation: operation, key: key.description,
                message: "the key has \(count) bytes with its prefix; S3 takes at most 1024: shorten the prefix")
        }
    }

    /// The key relative to the root, or nil for one that Varve cannot have written (a folder marker, a `//`).
    func relative(_ key: String) -> ObjectKey? {
        guard key.startsByBytes(with: folder) else { return nil }
        return ObjectKey(String(decoding: key.utf8.dropFirst(folder.utf8.count), as: UTF8.self))
    }

    /// Performs a call of which only success or a `StoreError` matters.
    func perform(_ call: S3Call) async throws(StoreError) -> S3Answer {
        do {
            return try await client.perform(call)
        } catch {
            throw error.error
        }
    }
}

extension String {
    /// `hasPrefix` compares characters, and takes a combining mark after a slash as one with it; keys are bytes.
    func startsByBytes(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
}
