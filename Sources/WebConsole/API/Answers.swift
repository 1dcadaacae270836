import Foundation
import Operations

/// What the API refuses, and with which status.
struct APIRefusal: Error {
    var status: Int
    var message: String

    init(_ status: Int, _ message: String) {
        (self.status, self.message) = (status, message)
    }
}

/// Headers that every answer of the console carries.
enum ConsoleHeaders {
    /// Nothing but our own files; no frames, no inline script, no form to elsewhere.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

    static let all: [(name: String, value: String)] = [
        ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ]
}

extension WebAnswer {
    static func json(_ status: Int, _ value: some Encodable) -> WebAnswer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else {
            return WebAnswer(500, "application/json", body: Array(#"{"error":"not encodable"}"#.utf8))
        }
        return WebAnswer(
            status, "application/json", headers: [("Cache-Control", "no-store")] + ConsoleHeaders.all,
            body: Array(data))
    }

    static func refusal(_ refusal: APIRefusal, headers: [(name: String, value: String)] = []) -> WebAnswer {
        var answer = json(refusal.status, ["error": refusal.message])
        answer.headers += headers
        return answer
    }
}

extension WebRequest {
    /// A whole number of the query within `range`; `standard` where it is absent.
    func integer(_ name: String, in range: ClosedRange<Int64>, standard: Int64) throws(APIRefusal) -> Int64 {
        guard let text = value(name) else { return standard }
        guard let number = Int64(text), range.contains(number) else {
            throw APIRefusal(400, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
