import Foundation
import Operations
import Testing

@Suite("Secrets are masked by value")
struct SecretTests {
    static let secret = "wJalr/XUtn+FEMI K7=MD&bPx\"é"

    private func registry() -> SecretRegistry {
        let registry = SecretRegistry()
        registry.add(Self.secret)
        return registry
    }

    static let encodings: [String] = {
        let data = Data(secret.utf8)
        var unreserved = CharacterSet.alphanumerics
        unreserved.insert(charactersIn: "-._~")
        unreserved.formIntersection(CharacterSet(charactersIn: "\u{0}"..."\u{7F}"))
        let percent = secret.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
        let base64 = data.base64EncodedString()
        let urlBase64 = base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return [
            secret, percent, percent.replacing("%20", with: "+"), base64, urlBase64,
            secret.replacing("\"", with: "\\\""),
        ] + ["u:", "us:", "use:", "user:"].map { Data(($0 + secret + "@").utf8).base64EncodedString() }
    }()

    @Test("in every form that it travels in", arguments: encodings)
    func masked(_ form: String) {
        let masked = registry().masked("before \(form) after")
        #expect(masked.hasPrefix("before ") && masked.hasSuffix(" after"))
        #expect(masked.contains("***"))
        // At most the digits that carry bits of what is around it stay.
        let left = masked.dropFirst(7).dropLast(6).replacing("***", with: "")
        #expect(left.utf8.count <= 12, "left: \(left)")
    }

    @Test("several secrets, one inside the other, next to each other")
    func several() {
        let registry = registry()
        registry.add("hunter2")
        registry.add("hunter2-extended")
        #expect(registry.masked("hunter2hunter2-extended!hunter") == "******!hunter")
        #expect(registry.masked("nothing here") == "nothing here")
    }

    @Test("what is too short to be a secret masks nothing")
    func short() {
        let registry = SecretRegistry()
        registry.add("")
        registry.add("abc")
        #expect(registry.masked("abc abcd") == "abc abcd")
    }
}
