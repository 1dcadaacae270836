import Foundation
import TestSupport

/// mitmproxy in front of SeaweedFS, with the faults of `Tests/servers/faults.py`.
final class FaultProxy: Sendable {
    let endpoint: String
    private let process: ChildProcess
    private let directory: TemporaryDirectory

    private init(_ process: ChildProcess, _ endpoint: String, _ directory: TemporaryDirectory) {
        (self.process, self.endpoint, self.directory) = (process, endpoint, directory)
    }

    /// - Parameter faults: such as `lost:PUT:/_varve/log/:1`.
    static func start(faults: String) async throws -> FaultProxy {
        let directory = try TemporaryDirectory("varve-proxy")
        let port = try freePort()
        let process = try ChildProcess(
            [
                try Servers.required(Servers.mitmdump), "-q", "--mode",
                "reverse:\(try Servers.required(Servers.environment["VARVE_TEST_SEAWEED"]))", "--listen-host",
                "127.0.0.1", "--listen-port", "\(port)", "--set", "keep_host_header=true", "--set",
                "confdir=\(directory.path)/conf", "-s", Servers.script("servers/faults.py"),
            ], environment: ["FAULTS": faults, "FAULTS_LOG": "\(directory.path)/faults.log"])
        try await eventually("the proxy listens", deadline: .seconds(30)) {
            guard process.isRunning else { throw CheckFailure("mitmdump ended: \(process.standardError)") }
            return canConnect(port)
        }
        return FaultProxy(process, "http://127.0.0.1:\(port)", directory)
    }

    /// One line for each fault that struck.
    var strikes: [String] {
        let data = FileManager.default.contents(atPath: "\(directory.path)/faults.log") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func stop() async throws { try await process.killAndWait() }
}

/// A port of loopback that was free a moment ago.
private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard done else { throw CheckFailure("no free port") }
    return UInt16(bigEndian: address.sin_port)
}

private func canConnect(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
