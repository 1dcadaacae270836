import Foundation
import ObjectStorage
import S3
import Synchronization
import TestSupport
import Testing

private final class Flag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() {
        flag.store(true, ordering: .relaxed)
    }
}

/// libcurl against a server that misbehaves on purpose.
@Suite("HTTP over libcurl")
struct CurlTransportTests {
    private func request(_ method: String, _ server: RawServer, _ body: ObjectBody = ObjectBody([])) -> HTTPRequest {
        HTTPRequest(
            method, HTTPTarget(scheme: "http", authority: "127.0.0.1:\(server.port)", path: "/b/a=1/../k%20"),
            body: body)
    }

    private func transport(_ change: (inout CurlSettings) -> Void = { _ in }) -> CurlTransport {
        var settings = CurlSettings()
        settings.proxy = .none
        // A busy machine can hold a test up for long: only what a test is about may time out.
        settings.keepAliveMax = .seconds(600)
        settings.expectContinueTimeout = .seconds(60)
        change(&settings)
        return CurlTransport(settings)
    }

    private func failure(_ body: () async throws -> Void) async throws -> HTTPFailure {
        do {
            try await body()
        } catch let failure as HTTPFailure {
            return failure
        }
        throw CheckFailure("it succeeded")
    }

    @Test("the request goes out as it was made: path as it is, no header but ours")
    func shape() async throws {
        let heads = Mutex<[String]>([])
        let server = try RawServer { connection, _ in
            while let head = connection.readHead() {
                heads.withLock { $0.append(head) }
                let count = header("content-length", in: head).flatMap { Int($0) } ?? 0
                let body = connection.readBody(count)
                let text = head.hasPrefix("HEAD") ? "" : String(decoding: body, as: UTF8.self)
                connection.answer(200, text, headers: ["X-A: 1", "x-a:  2 "])
            }
        }
        let transport = self.transport { $0.connectionsMax = 1 }
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
            let hasBody = method == "PUT" || method == "POST"
            var request = self.request(method, server, ObjectBody(chunks: hasBody ? [[65], [], [66, 67]] : []))
            request.headers["Host"] = request.target.authority
            request.headers["x-empty"] = ""
            let response = try await transport.send(request)
            #expect(response.status == 200 && !response.wasResent)
            #expect(response.body == (hasBody ? [65, 66, 67] : []))
            #expect(response.headers.fields.filter { $0.name.lowercased() == "x-a" }.map(\.value) == ["1", "2"])
        }
        let seen = heads.withLock { $0 }
        #expect(
            seen.map { $0.prefix { $0 != "\r\n" } }
                == ["GET", "HEAD", "PUT", "POST", "DELETE"].map {
                    "\($0) /b/a=1/../k%20 HTTP/1.1"
                })
        let names = Set(seen.flatMap { $0.components(separatedBy: "\r\n").dropFirst().map { $0.prefix { $0 != ":" } } })
        #expect(names == ["Host", "User-Agent", "x-empty", "Content-Length"])
        #expect(server.connections == 1)
    }

    @Test("a large body waits for 100 Continue, and is not sent at all after a refusal")
    func expect100() async throws {
        let early = Flag()
        let server = try RawServer { connection, _ in
            while let head = connection.readHead() {
                if connection.hasBytes(within: 100) { early.set() }
                guard header("expect", in: head) == "100-continue" else { return connection.answer(500) }
                if head.contains("x-refuse") {
                    connection.answer(403, "no", headers: ["Connection: close"])
                    return
                }
                connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                let body = connection.readBody(Int(header("content-length", in: head) ?? "") ?? 0)
                connection.answer(200, "\(body.count) \(body.last ?? 0)")
            }
        }
        let body = ObjectBody(chunks: [[UInt8](repeating: 1, count: 1 << 20), [UInt8](repeating: 2, count: 999_999)])
        let transport = self.transport()
        let response = try await transport.send(request("PUT", server, body))
        #expect(String(decoding: response.body, as: UTF8.self) == "2048575 2")
        #expect(!early.isSet)
        var refused = request("PUT", server, body)
        refused.headers["x-refuse"] = "1"
        #expect(try await transport.send(refused).status == 403)
        #expect(!early.isSet)
    }

    @Test("an answer that ends before its announced length is a failure")
    func truncated() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        let failure = try await self.failure { _ = try await transport().send(request("GET", server)) }
        #expect(failure.kind == .truncated && failure.wasSent)
    }

    @Test("a connection reset after the body leaves a doubt; one refused does not")
    func reset() async throws {
        let server = try RawServer { connection, _ in
            let head = connection.readHead() ?? ""
            _ = connection.readBody(Int(header("content-length", in: head) ?? "") ?? 0)
            connection.reset()
        }
        let lost = try await failure { _ = try await transport().send(request("PUT", server, ObjectBody([1, 2]))) }
        #expect(lost.kind == .broken && lost.wasSent)

        let closedPort = HTTPTarget(scheme: "http", authority: "127.0.0.1:1")
        let refused = try await failure { _ = try await transport().send(HTTPRequest("PUT", closedPort)) }
        #expect(refused.kind == .connect && !refused.wasSent)
        let nowhere = HTTPTarget(scheme: "http", authority: "no-such-host.invalid")
        let unknown = try await failure { _ = try await transport().send(HTTPRequest("GET", nowhere)) }
        #expect(unknown.kind == .connect && !unknown.wasSent && unknown.message.contains("no-such-host"))
    }

    @Test("a request that libcurl sent again on a new connection is marked, with its whole body")
    func resent() async throws {
        let server = try RawServer { connection, number in
            while let head = connection.readHead() {
                let body = connection.readBody(Int(header("content-length", in: head) ?? "") ?? 0)
                // The first connection serves one request, takes a second and dies without an answer.
                if number == 1, body.count > 1 { return }
                connection.answer(200, String(decoding: body, as: UTF8.self))
            }
        }
        let transport = self.transport()
        let first = try await transport.send(request("PUT", server, ObjectBody([65])))
        #expect(!first.wasResent)
        let second = try await transport.send(request("PUT", server, ObjectBody(chunks: [[66], [67]])))
        #expect(second.wasResent && second.body == [66, 67])
        #expect(server.connections == 2)
    }

    @Test("a server that does not answer in time is given up")
    func slow() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readHead()
            _ = connection.hasBytes(within: 60_000)
        }
        var request = self.request("PUT", server)
        request.timeout = .milliseconds(200)
        let failure = try await self.failure { _ = try await transport().send(request) }
        #expect(failure.kind == .timeout && failure.wasSent)
        let dripping = try RawServer { connection, _ in
            _ = connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            _ = connection.hasBytes(within: 60_000)
        }
        let stalled = try await self.failure {
            _ = try await self.transport { $0.lowSpeedTime = .seconds(1) }.send(self.request("GET", dripping))
        }
        #expect(stalled.kind == .timeout)
    }

    @Test("cancelling ends an exchange under way, and one that waits for a thread")
    func cancels() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readHead()
            _ = connection.hasBytes(within: 60_000)
        }
        let transport = self.transport { $0.connectionsMax = 1 }
        let request = self.request("GET", server)
        let running = Task { try await self.failure { _ = try await transport.send(request) } }
        try await eventually("the first request is under way", deadline: .seconds(120)) { server.connections == 1 }
        let waiting = Task { try await self.failure { _ = try await transport.send(request) } }
        waiting.cancel()
        #expect(try await waiting.value.kind == .cancelled)
        running.cancel()
        let ended = try await running.value
        #expect(ended.kind == .cancelled && ended.wasSent)
        #expect(server.connections == 1)
    }

    @Test("answers larger than asked for are refused; of an error's body the beginning is kept")
    func tooLarge() async throws {
        let server = try RawServer { connection, _ in
            while let head = connection.readHead() {
                let status = head.contains("x-fail") ? 500 : 200
                connection.answer(status, String(repeating: "x", count: head.contains("x-fail") ? 3 << 20 : 11))
            }
        }
        var request = self.request("GET", server)
        request.responseBytesMax = 10
        let failure = try await self.failure { _ = try await transport().send(request) }
        #expect(failure.kind == .tooLarge)
        request.headers["x-fail"] = "1"
        let response = try await transport().send(request)
        #expect(response.status == 500 && response.body.count == HTTPRequest.errorBytesMax)
    }

    @Test(
        "line breaks in headers or addresses are refused before anything is sent",
        arguments: ["1\r\nX-Evil: 1", "1\n", "\u{0}", "\u{7F}"])
    func injection(value: String) async throws {
        let server = try RawServer { connection, _ in connection.answer(200) }
        let spoils: [(inout HTTPRequest) -> Void] = [
            { $0.headers["x-a"] = value }, { $0.headers["x" + value] = "1" }, { $0.target.path = "/" + value },
            { $0.target.query = value }, { $0.target.authority += value },
        ]
        for spoil in spoils {
            var spoiled = request("GET", server)
            spoil(&spoiled)
            let failure = try await self.failure { [spoiled] in _ = try await transport().send(spoiled) }
            #expect(failure.kind == .invalid && !failure.wasSent)
        }
        #expect(server.connections == 0)
    }

    @Test("redirects are answers, other schemes are refused")
    func redirects() async throws {
        let server = try RawServer { connection, _ in
            _ = connection.readHead()
            connection.answer(307, "", headers: ["Location: http://127.0.0.1:1/"])
        }
        #expect(try await transport().send(request("GET", server)).status == 307)
        for scheme in ["file", "ftp", "gopher", "HTTP "] {
            let target = HTTPTarget(scheme: scheme, authority: "127.0.0.1", path: "/etc/passwd")
            let failure = try await self.failure { _ = try await transport().send(HTTPRequest("GET", target)) }
            #expect(failure.kind == .invalid)
        }
    }

    @Test("many requests share a bounded number of connections, and light load stays on one")
    func pool() async throws {
        let server = try RawServer { connection, _ in
            while connection.readHead() != nil { connection.answer(200, "ok") }
        }
        let transport = self.transport { $0.connectionsMax = 4 }
        let request = self.request("GET", server)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 { group.addTask { try await transport.send(request).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.connections <= 4)
        let before = server.connections
        for _ in 0..<20 { _ = try await transport.send(request) }
        #expect(server.connections == before)
    }

    @Test("a proxy is used where it is set, and never named in an error")
    func proxy() async throws {
        let seen = Mutex("")
        let server = try RawServer { connection, _ in
            seen.withLock { $0 = connection.readHead() ?? "" }
            connection.answer(200, "by proxy")
        }
        let target = HTTPTarget(scheme: "http", authority: "store.test", path: "/k")
        let proxied = transport { $0.proxy = .url("http://user:canary@127.0.0.1:\(server.port)") }
        #expect(try await proxied.send(HTTPRequest("GET", target)).status == 200)
        #expect(seen.withLock { $0 }.hasPrefix("GET http://store.test/k HTTP/1.1"))
        var settings = CurlSettings()
        settings.proxy = .url("http://user:canary@127.0.0.1:1")
        let failure = try await self.failure {
            _ = try await transport { $0 = settings }.send(HTTPRequest("GET", target))
        }
        #expect(failure.kind == .connect && !failure.message.contains("canary") && !"\(settings)".contains("canary"))
    }
}
