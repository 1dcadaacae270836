import Foundation
import LakeModel
import ObjectStorage
import TestSupport
import Testing

@testable import S3

/// AWS's own test suite for Signature Version 4 (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4).
@Suite("AWS signature suite")
struct AWSSignatureSuiteTests {
    @Test("the whole suite is there", .enabled(if: SignatureCase.isPresent, "no test data on this machine"))
    func isComplete() {
        #expect(SignatureCase.all.count == 38)
    }

    @Test(
        "a request signed in its headers is what AWS signs",
        .enabled(if: SignatureCase.isPresent, "no test data on this machine"), arguments: SignatureCase.all)
    func header(name: String) throws {
        let sample = try SignatureCase(name)
        var request = sample.request
        if sample.signsBody {
            request.headers["x-amz-content-sha256"] = Signer.payloadHash(of: request.body.chunks)
        }
        let trace = sample.signer.signTraced(
            &request, with: sample.credentials, at: sample.time, payloadHash: sample.payloadHash)
        #expect(trace.canonicalRequest == (try sample.text("header-canonical-request.txt")))
        #expect(trace.stringToSign == (try sample.text("header-string-to-sign.txt")))
        #expect(trace.signature == (try sample.text("header-signature.txt")))
        let expected = try sample.text("header-signed-request.txt").split(separator: "\n")
        let authorization = try #require(expected.first { $0.hasPrefix("Authorization:") })
        #expect("Authorization:" + (request.headers["Authorization"] ?? "") == authorization)
        for field in request.headers.fields where field.name.lowercased().hasPrefix("x-amz-") {
            #expect(expected.contains { $0.lowercased() == "\(field.name):\(field.value)".lowercased() })
        }
    }

    @Test(
        "a request signed in its query is what AWS signs",
        .enabled(if: SignatureCase.isPresent, "no test data on this machine"), arguments: SignatureCase.all)
    func query(name: String) throws {
        let sample = try SignatureCase(name)
        let (target, trace) = sample.signer.presignedTraced(
            sample.request, with: sample.credentials, at: sample.time, life: sample.life,
            payloadHash: sample.payloadHash)
        #expect(trace.canonicalRequest == (try sample.text("query-canonical-request.txt")))
        #expect(trace.stringToSign == (try sample.text("query-string-to-sign.txt")))
        #expect(trace.signature == (try sample.text("query-signature.txt")))
        let line = try #require(try sample.text("query-signed-request.txt").split(separator: "\n").first)
        let signed = line.drop { $0 != " " }.dropFirst().dropLast(" HTTP/1.1".count)
        // The order of added parameters is free: the server sorts them.
        let expected = CanonicalRequest.pairs(of: String(signed.drop { $0 != "?" }.dropFirst()))
        let made = CanonicalRequest.pairs(of: target.query)
        #expect(made.map { "\($0.0)=\($0.1)" }.sorted() == expected.map { "\($0.0)=\($0.1)" }.sorted())
    }
}

/// One folder of the suite.
private struct SignatureCase {
    private struct Context: Decodable {
        struct Keys: Decodable {
            var accessKeyID: String
            var secretAccessKey: String
            var token: String?

            enum CodingKeys: String, CodingKey {
                case accessKeyID = "access_key_id"
                case secretAccessKey = "secret_access_key"
                case token
            }
        }

        var credentials: Keys
        var expiresInSeconds: Int
        var normalize: Bool
        var region: String
        var service: String
        var signsBody: Bool
        var timestamp: String
        var omitsToken: Bool?

        enum CodingKeys: String, CodingKey {
            case credentials, normalize, region, service, timestamp
            case expiresInSeconds = "expiration_in_seconds"
            case signsBody = "sign_body"
            case omitsToken = "omit_session_token"
        }
    }

    private let folder: String
    private let context: Context
    let request: HTTPRequest
    let time: Timestamp

    init(_ name: String) throws {
        folder = "\(Self.root)/\(name)"
        context = try JSONDecoder().decode(Context.self, from: try Self.data("\(folder)/context.json"))
        time = try #require(Timestamp(context.timestamp))
        request = try Self.parse(String(decoding: try Self.data("\(folder)/request.txt"), as: UTF8.self))
    }

    var signer: Signer {
        Signer(
            region: context.region, service: context.service, normalizesPath: context.normalize,
            signsToken: context.omitsToken != true)
    }

    var credentials: Credentials {
        Credentials(
            accessKeyID: context.credentials.accessKeyID, secretAccessKey: context.credentials.secretAccessKey,
            sessionToken: context.credentials.token)
    }

    var life: Duration { .seconds(context.expiresInSeconds) }
    var signsBody: Bool { context.signsBody }
    var payloadHash: String { Signer.payloadHash(of: signsBody ? request.body.chunks : []) }

    func text(_ file: String) throws -> String {
        String(decoding: try Self.data("\(folder)/\(file)"), as: UTF8.self)
    }

    /// A request as it stands in the file: raw path, headers that may go over several lines, body.
    private static func parse(_ text: String) throws -> HTTPRequest {
        let parts = text.components(separatedBy: "\n\n")
        var lines = parts[0].split(separator: "\n")
        let first = lines.removeFirst()
        let method = first.prefix { $0 != " " }
        let uri = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        let path = String(uri.prefix { $0 != "?" })
        let query = String(uri.dropFirst(path.count).dropFirst())
        var fields: [(String, String)] = []
        for line in lines {
            if line.hasPrefix(" ") {
                fields[fields.count - 1].1 += "\n" + line
            } else {
                let name = line.prefix { $0 != ":" }
                fields.append((String(name), String(line.dropFirst(name.count + 1))))
            }
        }
        var request = HTTPRequest(
            String(method), HTTPTarget(scheme: "https", authority: "example.amazonaws.com", path: path, query: query))
        request.headers = HTTPHeaders(fields)
        request.body = .init(Array((parts.count > 1 ? parts[1] : "").utf8))
        return request
    }

    private static let root = (TestData.directory ?? "/nowhere") + "/sigv4"
    static let isPresent = FileManager.default.fileExists(atPath: root)
    static let all: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
        .filter { FileManager.default.fileExists(atPath: "\(root)/\($0)/context.json") }.sorted()

    private static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }
}
