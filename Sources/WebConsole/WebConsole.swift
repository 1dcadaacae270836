import Foundation
public import Operations

/// The web console: its page, its files and its JSON API, behind its door.
///
/// Read-only: it answers GET and HEAD, and the sign-in. Files are the same for everyone and hold nothing of the lake.
public struct ConsolePages: Sendable {
    private let api: ConsoleAPI
    private let door: ConsoleDoor
    private static let apiPrefix = "/api/v1/"

    public init(api: ConsoleAPI, door: ConsoleDoor) {
        (self.api, self.door) = (api, door)
    }

    /// Nil for a path that is not the console's.
    public func answer(_ request: WebRequest) async -> WebAnswer? {
        if request.path == Self.apiPrefix + "session" { return session(request) }
        let isOurs = request.path.hasPrefix(Self.apiPrefix) || ConsoleFile.named(request.path) != nil
        guard isOurs else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            return .refusal(APIRefusal(405, "only GET and HEAD"), headers: [("Allow", "GET, HEAD")])
        }
        if let file = ConsoleFile.named(request.path) { return file.answer(request) }
        switch door.judge(request) {
        case .admitted: return await api.answer(String(request.path.dropFirst(Self.apiPrefix.count)), request)
        case let verdict: return refuse(verdict)
        }
    }

    private struct SignIn: Decodable {
        var token: String
    }

    private struct Session: Encodable {
        var needsToken: Bool
        var isSignedIn: Bool
    }

    /// GET tells whether a token is needed, POST signs in, DELETE signs out. A body that is not JSON is refused: so
    /// no form of another site can send it.
    private func session(_ request: WebRequest) -> WebAnswer {
        let isSecure = request.headers["x-forwarded-proto"]?.lowercased() == "https"
        switch request.method {
        case "GET", "HEAD":
            let verdict = door.judge(request)
            guard verdict != .foreignHost else { return refuse(verdict) }
            return .json(200, Session(needsToken: door.asksForToken, isSignedIn: verdict == .admitted))
        case "POST":
            guard request.headers["content-type"]?.lowercased().hasPrefix("application/json") == true,
                let signIn = try? JSONDecoder().decode(SignIn.self, from: Data(request.body))
            else { return .refusal(APIRefusal(400, #"a sign-in is JSON: {"token": "…"}"#)) }
            let (verdict, cookie) = door.signIn(signIn.token, isSecure: isSecure)
            guard verdict == .admitted else { return refuse(verdict) }
            return bare(204, cookie.map { [("Set-Cookie", $0)] } ?? [])
        case "DELETE": return bare(204, [("Set-Cookie", door.signOut(isSecure: isSecure))])
        default:
            return .refusal(APIRefusal(405, "only GET, POST and DELETE"), headers: [("Allow", "GET, POST, DELETE")])
        }
    }

    private func bare(_ status: Int, _ headers: [(name: String, value: String)]) -> WebAnswer {
        WebAnswer(
            status, "application/json", headers: headers + [("Cache-Control", "no-store")] + ConsoleHeaders.all)
    }

    private func refuse(_ verdict: ConsoleDoor.Verdict) -> WebAnswer {
        switch verdict {
        case .tooManyFailures:
            return .refusal(
                APIRefusal(429, "too many wrong tokens; wait a minute"), headers: [("Retry-After", "60")])
        case .foreignHost:
            return .refusal(
                APIRefusal(421, "this console answers to addresses and localhost only; set a token for other names"))
        default:
            return .refusal(
                APIRefusal(401, "a token is needed"), headers: [("WWW-Authenticate", "Bearer realm=\"varve\"")])
        }
    }
}
