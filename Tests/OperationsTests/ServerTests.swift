import CoreMetrics
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Operations

@Suite("The operations server")
struct ServerTests {
    private let registry = PrometheusRegistry()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a server on a free port for as long as `body` runs, and ends it gracefully.
    private func withServer(
        readiness: @escaping OperationsServer.Health = { HealthReport() }, connectionLife: Duration? = nil,
        _ body: (Int) async throws -> Void
    ) async throws {
        let port = Mutex(0)
        var server = OperationsServer(
            port: 0, registry: registry, readiness: readiness, logger: logger,
            onListening: { bound in port.withLock { $0 = bound } })
        if let connectionLife { server.connectionLifeMax = connectionLife }
        let group = ServiceGroup(services: [server], logger: logger)
        async let running: Void = group.run()
        try await eventually("it listens", deadline: .seconds(60)) { port.withLock { $0 } != 0 }
        do {
            try await body(port.withLock { $0 })
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    /// Sends `request` as it is and answers with all that comes until `end`, or until the server closes.
    private func exchange(_ port: Int, _ request: String, until end: String? = nil) async throws -> String {
        let socket = try RawSocket(port: port)
        socket.send(request)
        return try await socket.receive(until: end)
    }

    private func get(_ port: Int, _ path: String, method: String = "GET") async throws -> String {
        try await exchange(port, "\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    }

    @Test("metrics, health and readiness are served")
    func served() async throws {
        Counter(label: "varve_things_total", factory: registry).increment(by: 2)
        try await withServer { port in
            let metrics = try await get(port, "/metrics")
            #expect(metrics.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(metrics.lowercased().contains("content-type: text/plain; version=0.0.4"))
            #expect(metrics.contains("\r\n\r\n# HELP varve_things_total"))
            #expect(try await get(port, "/healthz").hasSuffix("\r\n\r\n{\"checks\":[],\"ok\":true}\n"))
            #expect(try await get(port, "/readyz?verbose=1").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("a part that is not ready makes 503 with the reason")
    func notReady() async throws {
        let readiness: OperationsServer.Health = {
            HealthReport([
                .init("kafka", isOK: true, detail: "assigned"),
                .init("store", isOK: false, detail: "no answer for 30 s"),
            ])
        }
        try await withServer(readiness: readiness) { port in
            let answer = try await get(port, "/readyz")
            #expect(answer.hasPrefix("HTTP/1.1 503"))
            #expect(answer.contains(#"{"detail":"no answer for 30 s","name":"store","ok":false}"#))
            #expect(try await get(port, "/healthz").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("HEAD answers without a body, other methods and paths are refused")
    func refused() async throws {
        try await withServer { port in
            let head = try await get(port, "/healthz", method: "HEAD")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
            #expect(head.lowercased().contains("content-length: 24"))
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
                let answer = try await get(port, "/metrics", method: method)
                #expect(answer.hasPrefix("HTTP/1.1 405"), "\(method): \(answer.prefix(40))")
                #expect(answer.contains("GET, HEAD"))
            }
            for path in ["/", "/metrics/", "/config", "/metrics/../config", "/%2e%2e", "/debug/pprof", "//metrics"] {
                #expect(try await get(port, path).hasPrefix("HTTP/1.1 404"), "\(path)")
            }
        }
    }

    @Test("oversized headers, bodies nobody asked for and nonsense do no harm")
    func hostile() async throws {
        try await withServer { port in
            let long = String(repeating: "x", count: 200_000)
            for request in [
                "GET /metrics HTTP/1.1\r\nHost: h\r\nX-Long: \(long)\r\n\r\n",
                "GET /metrics HTTP/1.1\r\nHost: h\r\n\(String(repeating: "A: b\r\n", count: 5000))\r\n",
                "nonsense\r\n\r\n", "\u{16}\u{3}\u{1}\0\r\n\r\n",
            ] {
                let answer = try await exchange(port, request)
                #expect(!answer.hasPrefix("HTTP/1.1 200"), "\(answer.prefix(60))")
            }
            let post = "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n"
            #expect(try await exchange(port, post + long, until: "\r\n\r\n").hasPrefix("HTTP/1.1 405"))
            #expect(try await get(port, "/healthz").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a connection ends after its time, whatever it is waited for")
    func slow() async throws {
        try await withServer(connectionLife: .milliseconds(200)) { port in
            let socket = try RawSocket(port: port)
            socket.send("POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n")
            // Never idle: nothing else would end it.
            _ = try await socket.receive(until: nil, sending: "x")
        }
    }

    @Test("a taken port is one clear error")
    func takenPort() async throws {
        try await withServer { port in
            let second = OperationsServer(port: port, registry: registry, readiness: { HealthReport() }, logger: logger)
            let error = await #expect(throws: OperationsServer.ListenError.self) { try await second.run() }
            #expect(
                error?.description
                    == "cannot listen on 127.0.0.1:\(port): address already in use; choose another address or port")
        }
    }

}

/// A TCP connection to the loopback address that sends what it is told.
private final class RawSocket: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw CheckFailure("cannot connect: error \(errno)") }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(descriptor)
    }

    /// As much as the server takes.
    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    func receive(until end: String?, sending text: String = "") async throws -> String {
        var bytes: [UInt8] = []
        try await eventually("the server closes the connection", deadline: .seconds(60)) {
            if !text.isEmpty { send(text) }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { bytes += buffer[..<count] }
            if let end, String(decoding: bytes, as: UTF8.self).contains(end) { return true }
            return count == 0 || (count < 0 && errno != EAGAIN)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
