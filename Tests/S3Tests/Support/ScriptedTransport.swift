import ObjectStorage
import S3
import Synchronization

/// Answers each request with the next line of a script, and keeps the requests.
final class ScriptedTransport: HTTPTransport {
    typealias Reply = Result<HTTPResponse, HTTPFailure>

    private struct State {
        var script: [@Sendable (HTTPRequest) -> Reply]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>
    private let otherwise: (@Sendable (HTTPRequest) -> Reply)?

    init(script: [@Sendable (HTTPRequest) -> Reply], otherwise: (@Sendable (HTTPRequest) -> Reply)? = nil) {
        state = Mutex(State(script: script))
        self.otherwise = otherwise
    }

    convenience init(otherwise: @escaping @Sendable (HTTPRequest) -> Reply) {
        self.init(script: [], otherwise: otherwise)
    }

    convenience init(_ replies: Reply...) {
        self.init(replies: replies)
    }

    convenience init(replies: [Reply]) {
        self.init(script: replies.map { reply in { _ in reply } })
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let next = state.withLock { state in
            state.requests.append(request)
            return state.script.isEmpty ? nil : state.script.removeFirst()
        }
        guard let reply = next ?? otherwise else {
            throw HTTPFailure(
                .invalid, "the script has no line for \(request.method) \(request.target)", wasSent: false)
        }
        return try reply(request).get()
    }
}

extension ScriptedTransport.Reply {
    static func answer(_ status: Int, _ headers: [(String, String)] = [], _ body: String = "", resent: Bool = false)
        -> Self
    {
        let date = [("Date", serverDate)]
        return .success(
            HTTPResponse(
                status: status, headers: HTTPHeaders(headers + date), body: Array(body.utf8), wasResent: resent))
    }

    /// S3's error document.
    static func error(_ status: Int, _ code: String, _ extra: String = "", headers: [(String, String)] = []) -> Self {
        answer(
            status, headers,
            "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>because</Message>\(extra)</Error>")
    }

    static let stored = answer(200, [("ETag", "\"abc\"")])

    /// The connection broke before or after the request went out.
    static func lost(sent: Bool, _ kind: HTTPFailure.Kind = .broken) -> Self {
        .failure(HTTPFailure(kind, "connection lost", wasSent: sent))
    }
}

/// The scripted server's clock: 2026-11-21T05:00:00Z, as `ManualClock` starts.
let serverDate = "Sat, 21 Nov 2026 05:00:00 GMT"
