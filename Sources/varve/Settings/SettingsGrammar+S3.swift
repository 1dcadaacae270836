extension SettingsGrammar {
    static let s3: [SettingKey] = [
        SettingKey("endpoint", .webURL, "The store's URL; by default AWS's own for the region."),
        SettingKey(
            "region", .anyText, "The region to sign for; by default AWS_REGION, the profile's, else us-east-1."),
        SettingKey(
            "addressing", .choice(["auto", "path", "virtual"]), fallback: "auto",
            "Whether the bucket is in the path or in the host name. Auto: the path where there is an endpoint, as "
                + "most compatible stores want it; else the host name, as AWS does."),
        SettingKey("profile", .anyText, "A profile of ~/.aws/config and ~/.aws/credentials; by default AWS_PROFILE."),
        SettingKey("access_key_id", .anyText, "A static access key, where the usual chain is not wanted."),
        SettingKey(
            "secret_access_key", .anyText, secret: true,
            "The secret of `access_key_id`; write it as ${NAME} or ${file:/path}."),
        SettingKey("session_token", .anyText, secret: true, "The token of temporary static credentials."),
        SettingKey("role_arn", .anyText, "A role to assume with the credentials found."),
        SettingKey("external_id", .anyText, "The external id that the role asks for."),
        SettingKey(
            "storage_class", .anyText, "The storage class of data objects: STANDARD_IA, …; by default the bucket's."),
        SettingKey(
            "sse", .choice(["none", "s3", "kms", "customer"]), fallback: "none",
            "Encryption by the store: its own keys (SSE-S3), KMS (SSE-KMS), or `sse_c_key` (SSE-C). None leaves it "
                + "to the bucket."),
        SettingKey("kms_key", .anyText, "The KMS key id or ARN where `sse` is kms; by default the account's."),
        SettingKey("sse_c_key", .customerKey, secret: true, "The key where `sse` is customer: 32 bytes in base64."),
        SettingKey("ca_file", .filePath, "Certificates (PEM) to trust instead of the system's."),
        SettingKey(
            "proxy", .proxy, secret: true,
            "An HTTP proxy for the store, or `none`; by default what http_proxy, https_proxy and no_proxy say."),
        SettingKey(
            "tls_verify", .boolean, fallback: "true",
            "Whether the store's certificate is checked. Off only for experiments: anyone on the way can read and "
                + "change everything."),
        SettingKey(
            "allow_http", .boolean, fallback: "false",
            "Whether an http:// endpoint outside this machine is accepted: events would travel in the clear."),
        SettingKey(
            "payload", .choice(["auto", "signed", "unsigned"]), fallback: "auto",
            "Whether bodies are part of the signature. Auto: signed over http, unsigned over TLS, which protects "
                + "them already."),
        SettingKey(
            "checksum", .choice(["crc64nvme", "crc32c", "sha256", "none"]), fallback: "crc64nvme",
            "Which checksum the store is asked to verify. CRC64NVME is AWS's default and the fastest."),
        SettingKey(
            "tags", .dictionary(underscore: "_"),
            "Object tags in the store for all that is written, for lifecycle rules and billing."),
        SettingKey(
            "connections", .integer(1...256), fallback: "16",
            "How many requests run at once; uploads wait for their turn."),
        SettingKey(
            "retries", .integer(0...100), fallback: "4",
            "How often a request is tried again, with growing random waits."),
        SettingKey("timeout", .record(timeout), "Limits for one request."),
        SettingKey("requester_pays", .boolean, fallback: "false", "Whether to accept the cost of requests."),
        SettingKey(
            "quoted_etags", .boolean, fallback: "true",
            "Whether If-Match carries quotes, as HTTP says. Off for Ceph RGW before Quincy, which compares literally."),
        SettingKey(
            "delete_versions", .boolean, fallback: "false",
            "Whether deleting a key deletes all its versions, in buckets that keep some. Needs s3:ListBucketVersions "
                + "and s3:DeleteObjectVersion. On, what `varve vacuum` and `varve erase` delete is gone for good."),
    ]

    static let timeout: [SettingKey] = [
        SettingKey("connect", .duration(100...300_000), fallback: "10s", "To connect, TLS included."),
        SettingKey(
            "stall", .duration(1000...3_600_000), fallback: "60s",
            "Without a byte in either direction, the wait for an answer included."),
        SettingKey(
            "request", .duration(0...86_400_000), fallback: "0",
            "For the whole of one try; 0 for no limit, as a slow line is no error while bytes move."),
    ]
}
