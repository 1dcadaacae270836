import Foundation
import LakeModel
import TestSupport
import Testing

@testable import S3

@Suite("Tokens for Amazon MSK")
struct MSKTokenTests {
    /// 2026-11-21T05:07:09Z.
    private let time = Timestamp(milliseconds: 1_795_237_629_000)
    private static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    struct Sample: Sendable {
        var region: String
        var sessionToken: String?
        var signature: String
    }

    /// What aws-msk-iam-sasl-signer-python 1.0.2 (botocore 1.44.5) signs with these keys at this time.
    static let samples = [
        Sample(
            region: "eu-central-1", signature: "4c4feddb019ff2cfb0b35886949058ea892d8506718da69a5c8a4583f613592c"),
        Sample(
            region: "us-east-1", sessionToken: "IQoJb3JpZ2luX2VjEXAMPLE//////////wEa+/token==",
            signature: "76696772310751cf4e28a996db8ffe30998322b9cf9464041531f50c6135ada9"),
        Sample(region: "cn-north-1", signature: "7c8bcc825cae66daec6e3685a1f438ffdf4eb6667e53083fbcc732d7303ab9d2"),
    ]

    private func signer(_ credentials: Credentials, region: String, clock: any LakeClock) -> MSKTokenSigner {
        MSKTokenSigner(
            region: region, program: "varve/test", credentials: StaticCredentials(credentials), clock: clock)
    }

    private func decoded(_ token: String) throws -> URLComponents {
        #expect(token.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }, "\(token)")
        let plain = token.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
        let data = try #require(Data(base64Encoded: plain + padding))
        return try #require(URLComponents(string: String(decoding: data, as: UTF8.self)))
    }

    @Test("a token says what Amazon's own signer says, signature and all", arguments: samples)
    func agrees(sample: Sample) async throws {
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.secret, sessionToken: sample.sessionToken)
        let token = try await signer(credentials, region: sample.region, clock: ManualClock(now: time)).token()
        let url = try decoded(token.text)
        #expect(url.host == "kafka.\(sample.region).amazonaws.com" && url.path == "/" && url.scheme == "https")
        let items = Dictionary((url.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
        var expected = [
            "Action": "kafka-cluster:Connect", "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "AKIDEXAMPLE/20261121/\(sample.region)/kafka-cluster/aws4_request",
            "X-Amz-Date": "20261121T050709Z", "X-Amz-Expires": "900", "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": sample.signature, "User-Agent": "varve/test",
        ]
        expected["X-Amz-Security-Token"] = sample.sessionToken
        #expect(items == expected)
        #expect(url.queryItems?.count == expected.count)
        #expect(token.expiresAt == time.advanced(byMilliseconds: 900_000))
    }

    @Test("a token ends with its credentials where they end before it")
    func ends() async throws {
        let end = time.advanced(byMilliseconds: 60_000)
        let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.secret, expiresAt: end)
        let clock = ManualClock(now: time.advanced(byMilliseconds: 999))
        let token = try await signer(credentials, region: "eu-central-1", clock: clock).token()
        #expect(token.expiresAt == end)
        // Whole seconds: the same second gives the same signature.
        let whole = try await signer(credentials, region: "eu-central-1", clock: ManualClock(now: time)).token()
        #expect(token.text == whole.text)
    }
}
