public import LakeModel

/// What a user says of a bucket: plain values, no secret but an SSE-C key.
public struct S3Settings: Sendable {
    public enum Addressing: String, Sendable, CaseIterable {
        /// Virtual-host on AWS where the bucket's name allows it, path elsewhere.
        case automatic
        /// `https://endpoint/bucket/key`
        case path
        /// `https://bucket.endpoint/key`
        case virtualHost = "virtual"
    }

    public enum PayloadMode: String, Sendable, CaseIterable {
        /// Unsigned over TLS (which protects the body), signed over plain HTTP.
        case automatic
        /// The signature covers the body's SHA-256.
        case signed
        /// The signature does not cover the body; refused over plain HTTP, except to this machine itself.
        case unsigned
    }

    public var bucket: String
    /// The lake's folder in the bucket, without slashes at its ends; empty for the whole bucket.
    public var prefix: String
    /// `http://host:9000`; nil for AWS.
    public var endpoint: String?
    /// Nil for `us-east-1`, corrected by what the store says.
    public var region: String?
    public var addressing = Addressing.automatic
    public var payload = PayloadMode.automatic
    /// Sent as a header with every body, for the store to verify and keep; nil sends none.
    public var checksum: Checksum.Algorithm? = .crc64nvme
    public var encryption = ServerSideEncryption.none
    /// For objects that do not say theirs; nil for the store's default.
    public var storageClass: String?
    /// Added to every object.
    public var tags: [String: String] = [:]
    /// Accepts the cost of requests to a requester-pays bucket.
    public var requesterPays = false
    /// Ceph RGW before Quincy compares `If-Match` literally and needs the entity tag without its quotes.
    public var ifMatchQuoted = true
    /// Deletes all versions of a key with it: for buckets that keep versions, where deleted has to mean gone.
    public var deletesVersions = false
    /// Attempts of one operation, the first included.
    public var attemptsMax = 5
    public var connection = CurlSettings()

    public init(bucket: String, prefix: String = "", endpoint: String? = nil, region: String? = nil) {
        (self.bucket, self.prefix, self.endpoint, self.region) = (bucket, prefix, endpoint, region)
    }
}

/// Who encrypts objects at rest, and with which key.
public enum ServerSideEncryption: Sendable, Hashable {
    /// The bucket's default.
    case none
    /// SSE-S3, AES-256 with the store's key.
    case s3
    /// SSE-KMS; the AWS-managed key where `keyID` is nil. The context is bound to each object.
    case kms(keyID: String?, context: [String: String])
    /// SSE-C; the same key must come with every later read.
    case customer(CustomerKey)

    /// A 256-bit key that only the client keeps; never printed.
    public struct CustomerKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        let bytes: [UInt8]

        /// Nil unless there are 32 bytes.
        public init?(_ bytes: [UInt8]) {
            guard bytes.count == 32 else { return nil }
            self.bytes = bytes
        }

        public var description: String { "(customer key)" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}
