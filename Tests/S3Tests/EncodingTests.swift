import LakeModel
import Testing

@testable import S3

@Suite("Encodings")
struct EncodingTests {
    @Test("base64 follows RFC 4648's vectors, and back")
    func base64Vectors() {
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE="]
        for (plain, encoded) in vectors {
            #expect(base64(Array(plain.utf8)) == encoded)
            #expect(unbase64(encoded) == Array(plain.utf8))
        }
        let all = (0...255).map { UInt8($0) }
        #expect(unbase64(base64(all)) == all)
        for bad in ["Z", "Zg=", "Zg==Zg==", "Z g=", "====", "Zm9v-_", "ü==="] { #expect(unbase64(bad) == nil) }
    }

    @Test("HTTP dates are read, others refused")
    func dates() {
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp("1994-11-06T08:49:37Z"))
        #expect(HTTPDate.parse("Thu, 31 Dec 2099 23:59:59 GMT") == Timestamp("2099-12-31T23:59:59Z"))
        for bad in [
            "", "Sun", "Sun, 31 Feb 2026 00:00:00 GMT", "Sun, 06 Nov 1994 08:49 GMT", "1994-11-06T08:49:37Z",
            "Sun, 06 Nov 1994 99:49:37 GMT", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "Sun, 9223372036854775807 Nov 1994 08:49:37 GMT",
        ] {
            #expect(HTTPDate.parse(bad) == nil)
        }
        #expect(HTTPDate.basic(Timestamp(milliseconds: 1_440_938_160_999)) == "20150830T123600Z")
    }

    @Test("percent-encoding keeps the unreserved characters only, and decodes to the same")
    func percent() {
        let text = "aZ09-._~ /=+%&?#'\"ü😀\u{7F}"
        #expect(
            PercentEncoding.path(text)
                == "aZ09-._~%20/%3D%2B%25%26%3F%23%27%22%C3%BC%F0%9F%98%80%7F")
        #expect(PercentEncoding.component("a/b") == "a%2Fb")
        #expect(PercentEncoding.decode(PercentEncoding.component(text)) == text)
        #expect(PercentEncoding.decode("a+b%2", plusIsSpace: true) == "a b%2")
        #expect(PercentEncoding.decode("%zz%4") == "%zz%4")
    }

    @Test("headers compare names without case and print no secret")
    func headers() {
        var headers = HTTPHeaders([("Authorization", "canary-a"), ("X-Amz-Security-Token", "canary-b"), ("a", "1")])
        headers["A"] = "2"
        #expect(headers["a"] == "2" && headers.fields.count == 3)
        var dumped = ""
        dump(headers, to: &dumped)
        for text in ["\(headers)", String(reflecting: headers), dumped] { #expect(!text.contains("canary")) }
        let credentials = Credentials(accessKeyID: "AKIAcanary1", secretAccessKey: "canary", sessionToken: "canary")
        dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] { #expect(!text.contains("canary")) }
    }
}
