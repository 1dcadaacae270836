import LakeModel
import ObjectStorage
import S3
import TestSupport
import Testing

@testable import S3

/// What goes over the wire for each setting.
@Suite("Requests")
struct RequestShapeTests {
    @Test(
        "the address follows endpoint, region and addressing",
        arguments: [
            ("http://h:9000", nil, "b-1", .automatic, "http://h:9000/b-1/lake/k"),
            ("http://h:9000/", nil, "b-1", .virtualHost, "http://b-1.h:9000/lake/k"),
            ("https://h:443/base/", nil, "b-1", .path, "https://h/base/b-1/lake/k"),
            ("http://[::1]:80", nil, "b-1", .path, "http://[::1]/b-1/lake/k"),
            (nil, nil, "b-1", .automatic, "https://b-1.s3.us-east-1.amazonaws.com/lake/k"),
            (nil, "eu-west-1", "b.with.dots", .automatic, "https://s3.eu-west-1.amazonaws.com/b.with.dots/lake/k"),
            (nil, "cn-north-1", "b-1", .automatic, "https://b-1.s3.cn-north-1.amazonaws.com.cn/lake/k"),
            (nil, "eu-west-1", "b-1", .path, "https://s3.eu-west-1.amazonaws.com/b-1/lake/k"),
        ] as [(String?, String?, String, S3Settings.Addressing, String)])
    func address(
        endpoint: String?, region: String?, bucket: String, addressing: S3Settings.Addressing, expected: String
    ) async throws {
        let fixture = try Fixture(ScriptedTransport(.stored)) {
            ($0.endpoint, $0.region, $0.bucket, $0.addressing) = (endpoint, region, bucket, addressing)
        }
        _ = try await fixture.put()
        #expect(fixture.requests[0].target.url == expected)
    }

    @Test(
        "settings that cannot work are refused with a reason",
        arguments: ["", "b/c", "b c", "..", "b\r\nX: 1"])
    func badBucket(bucket: String) {
        #expect(throws: StoreError.self) { try Fixture(ScriptedTransport()) { $0.bucket = bucket } }
    }

    @Test(
        "endpoints that could leak or mislead are refused",
        arguments: [
            "ftp://h", "h:9000", "http://user:pass@h", "http://h?x", "http://", "http://h\r\nX:1", "http://h h",
        ])
    func badEndpoint(endpoint: String) {
        #expect(throws: StoreError.self) { try Fixture(ScriptedTransport()) { $0.endpoint = endpoint } }
    }

    @Test("unsigned payloads and customer keys are refused over plain http")
    func plainHTTP() throws {
        for host in ["store.test", "127.0.0.1.evil.test", "128.0.0.1", "127.1", "localhost.evil.test", "10.0.0.1:80"] {
            #expect(throws: StoreError.self) {
                try Fixture(ScriptedTransport()) { ($0.payload, $0.endpoint) = (.unsigned, "http://\(host)") }
            }
        }
        for host in ["localhost:9000", "127.0.0.1", "127.8.8.8:1", "[::1]:9000"] {
            _ = try Fixture(ScriptedTransport()) { ($0.payload, $0.endpoint) = (.unsigned, "http://\(host)") }
        }
        let key = try #require(ServerSideEncryption.CustomerKey([UInt8](repeating: 7, count: 32)))
        #expect(throws: StoreError.self) { try Fixture(ScriptedTransport()) { $0.encryption = .customer(key) } }
        #expect(!"\(key)".contains("7") && ServerSideEncryption.CustomerKey([1]) == nil)
    }

    @Test("the payload is signed over http, unsigned over https, unless set")
    func payload() async throws {
        let hash = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
        let cases: [(String, S3Settings.PayloadMode, String)] = [
            ("http://h", .automatic, hash), ("https://h", .automatic, "UNSIGNED-PAYLOAD"), ("https://h", .signed, hash),
        ]
        for (endpoint, mode, expected) in cases {
            let fixture = try Fixture(ScriptedTransport(.stored)) { ($0.endpoint, $0.payload) = (endpoint, mode) }
            _ = try await fixture.put()
            #expect(fixture.requests[0].headers["x-amz-content-sha256"] == expected)
        }
    }

    @Test(
        "the body's checksum goes as a header, never as a trailer",
        arguments: [
            (.crc32c, "4waSgw=="), (.crc64nvme, "rosUhgp5mIg="),
            (.sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ] as [(Checksum.Algorithm, String)])
    func checksum(algorithm: Checksum.Algorithm, expected: String) async throws {
        let fixture = try Fixture(ScriptedTransport(.stored, .stored)) { $0.checksum = algorithm }
        _ = try await fixture.put(.always, Array("123456789".utf8))
        #expect(fixture.requests[0].headers["x-amz-checksum-\(algorithm.rawValue)"] == expected)
        #expect(fixture.requests[0].headers["x-amz-trailer"] == nil)
        // The caller's is taken as it is, without reading the body again.
        let given = Checksum(algorithm, of: [1])
        _ = try await fixture.store.put(
            ObjectBody([9]), to: try key("k"), options: PutOptions(checksum: given))
        #expect(
            fixture.requests[1].headers["x-amz-checksum-\(algorithm.rawValue)"] == base64(try #require(given.bytes)))
    }

    @Test("class, tags, metadata, type and payer become headers, encoded where they must be")
    func options() async throws {
        let fixture = try Fixture(ScriptedTransport(.stored, .stored)) {
            $0.storageClass = "STANDARD_IA"
            $0.tags = ["team": "a&b", "x": "1"]
            $0.requesterPays = true
        }
        var options = PutOptions(contentType: "application/zstd")
        options.metadata = ["writer": "w 1"]
        options.tags = ["x": "2=ü"]
        _ = try await fixture.store.put(ObjectBody([1]), to: try key("k"), options: options)
        let headers = fixture.requests[0].headers
        #expect(headers["x-amz-storage-class"] == "STANDARD_IA")
        #expect(headers["x-amz-tagging"] == "team=a%26b&x=2%3D%C3%BC")
        #expect(headers["x-amz-meta-writer"] == "w 1")
        #expect(headers["Content-Type"] == "application/zstd")
        #expect(headers["x-amz-request-payer"] == "requester")
        #expect(headers["Authorization"]?.contains("x-amz-meta-writer;x-amz-request-payer") == true)
        options.storageClass = "GLACIER_IR"
        #expect(
            try await fixture.store.put(ObjectBody([1]), to: try key("k"), options: options).storageClass
                == "GLACIER_IR")
    }

    @Test("the catalog's own files stay in the store's default class")
    func controlFiles() async throws {
        let fixture = try Fixture(ScriptedTransport(otherwise: { _ in .stored })) { $0.storageClass = "STANDARD_IA" }
        for (name, expected) in [
            ("orders/_varve/log/1.json", nil), ("_varve/probe/1", nil), ("orders/data/x", "STANDARD_IA"),
            ("orders_varve/data/x", "STANDARD_IA"),
        ] as [(String, String?)] {
            _ = try await fixture.store.put([1], to: try key(name))
            #expect(fixture.requests.last?.headers["x-amz-storage-class"] == expected, "\(name)")
        }
    }

    @Test("SSE-S3 and SSE-KMS name their key on new objects only")
    func encryption() async throws {
        let head = ScriptedTransport.Reply.answer(200, [("Content-Length", "1"), ("ETag", "\"x\"")])
        let s3 = try Fixture(ScriptedTransport(.stored, head)) { $0.encryption = .s3 }
        _ = try await s3.put()
        _ = try await s3.store.head(try key("k"))
        #expect(s3.requests.map { $0.headers["x-amz-server-side-encryption"] } == ["AES256", nil])

        let kms = try Fixture(ScriptedTransport(.stored)) {
            $0.encryption = .kms(keyID: "arn:aws:kms:x", context: ["b": "2\"", "a": "1"])
        }
        _ = try await kms.put()
        let headers = kms.requests[0].headers
        #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:x")
        let context = try #require(headers["x-amz-server-side-encryption-context"].flatMap(unbase64))
        #expect(String(decoding: context, as: UTF8.self) == "{\"a\":\"1\",\"b\":\"2\\\"\"}")
    }

    @Test("SSE-C sends its key with every request that touches the object, and never prints it")
    func customerKey() async throws {
        let secret = try #require(ServerSideEncryption.CustomerKey(Array("canary-customer-key-of-32-bytes!".utf8)))
        let head = ScriptedTransport.Reply.answer(200, [("Content-Length", "1"), ("ETag", "\"x\"")])
        let copied = ScriptedTransport.Reply.answer(200, [], "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        let fixture = try Fixture(ScriptedTransport(.stored, head, .stored, .stored, copied, head)) {
            ($0.endpoint, $0.encryption) = ("https://h", .customer(secret))
        }
        let (store, k) = (fixture.store, try key("k"))
        _ = try await fixture.put()
        _ = try await store.head(k)
        _ = try await store.get(k, range: nil, bytesMax: 10)
        _ = try await store.putPart(1, ObjectBody([1]), of: UploadID("u"), to: k)
        _ = try await store.copy(k, to: try key("l"), options: PutOptions())
        for request in fixture.requests {
            #expect(request.headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256")
            #expect(
                request.headers["x-amz-server-side-encryption-customer-key"]
                    == "Y2FuYXJ5LWN1c3RvbWVyLWtleS1vZi0zMi1ieXRlcyE=")
            #expect(request.headers["x-amz-server-side-encryption-customer-key-MD5"]?.count == 24)
            #expect(!"\(request)".contains("Y2FuYXJ5") && !"\(store.settings)".contains("canary"))
        }
        let copy = try #require(fixture.requests.first { $0.headers["x-amz-copy-source"] != nil })
        #expect(copy.headers["x-amz-copy-source-server-side-encryption-customer-key"] != nil)
    }

    @Test("metadata that could inject a header is refused before anything is sent")
    func injection() async throws {
        let fixture = try Fixture(ScriptedTransport())
        for metadata in [["a": "1\r\nX-Evil: 1"], ["a\r\nx-evil": "1"], ["A": "1"], ["a": "ü"]] {
            let error = try await storeError {
                _ = try await fixture.store.put(
                    ObjectBody([1]), to: try key("k"), options: PutOptions(metadata: metadata))
            }
            #expect(error.kind == .invalid)
        }
        #expect(fixture.requests.isEmpty)
    }

    @Test("a key that its prefix makes too long is refused with the reason")
    func tooLong() async throws {
        let fixture = try Fixture(ScriptedTransport())
        let long = try key(String(repeating: "k", count: 1024))
        let error = try await storeError { _ = try await fixture.store.put([1], to: long) }
        #expect(error.kind == .invalid && error.message.contains("1029 bytes"))
    }

    @Test("a presigned address carries its signature, its life and the session token")
    func presigned() async throws {
        let credentials = StaticCredentials(accessKeyID: "AKID", secretAccessKey: "canary", sessionToken: "to/ken")
        let fixture = try Fixture(ScriptedTransport(), credentials: credentials)
        let url = try await fixture.store.presignedURL("GET", try key("a b"), life: .seconds(60))
        #expect(url.hasPrefix("http://store.test:9000/bucket/lake/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256"))
        #expect(url.contains("X-Amz-Expires=60") && url.contains("X-Amz-Security-Token=to%2Fken"))
        #expect(url.contains("X-Amz-Date=20261121T050000Z") && !url.contains("canary"))
        let forever = try await fixture.store.presignedURL("GET", try key("a"), life: .seconds(1 << 40))
        #expect(forever.contains("X-Amz-Expires=604800"))
    }
}
