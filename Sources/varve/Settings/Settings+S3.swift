extension Settings {
    struct S3: Decodable, Sendable {
        enum Addressing: String, Decodable { case auto, path, virtual }
        enum Encryption: String, Decodable { case none, s3, kms, customer }
        enum Payload: String, Decodable { case auto, signed, unsigned }
        enum ChecksumChoice: String, Decodable { case crc64nvme, crc32c, sha256, none }
        struct Timeouts: Decodable, Sendable {
            var connect: TimeSetting
            var stall: TimeSetting
            /// Zero for none.
            var request: TimeSetting
        }

        var endpoint: String?
        var region: String?
        var addressing: Addressing
        var profile: String?
        var accessKeyID: String?
        var secretAccessKey: String?
        var sessionToken: String?
        var roleARN: String?
        var externalID: String?
        var storageClass: String?
        var encryption: Encryption
        var kmsKey: String?
        var customerKey: String?
        var caFile: String?
        var proxy: String?
        var verifiesTLS: Bool
        var allowsHTTP: Bool
        var payload: Payload
        var checksum: ChecksumChoice
        var tags: [String: String]
        var connections: Int
        var retries: Int
        var timeout: Timeouts
        var requesterPays: Bool
        var quotedETags: Bool
        var deletesVersions: Bool

        enum CodingKeys: String, CodingKey {
            case endpoint, region, addressing, profile
            case accessKeyID = "access_key_id"
            case secretAccessKey = "secret_access_key"
            case sessionToken = "session_token"
            case roleARN = "role_arn"
            case externalID = "external_id"
            case storageClass = "storage_class"
            case encryption = "sse"
            case kmsKey = "kms_key"
            case customerKey = "sse_c_key"
            case caFile = "ca_file"
            case proxy
            case verifiesTLS = "tls_verify"
            case allowsHTTP = "allow_http"
            case payload, checksum, tags, connections, retries, timeout
            case requesterPays = "requester_pays"
            case quotedETags = "quoted_etags"
            case deletesVersions = "delete_versions"
        }
    }
}
