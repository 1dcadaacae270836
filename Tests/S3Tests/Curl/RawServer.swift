import Foundation
import Glibc
import Synchronization

/// A server of raw sockets on loopback: each connection is given to `serve` on a thread of its own, so that a test can
/// answer late, wrongly or not at all.
final class RawServer: Sendable {
    let port: Int
    private let listener: Int32
    private let accepted = Atomic(0)

    init(_ serve: @escaping @Sendable (_ connection: RawConnection, _ number: Int) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [weak self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0 else { return }
                let number = self?.accepted.add(1, ordering: .relaxed).newValue ?? 0
                let connection = RawConnection(socket)
                Thread.detachNewThread {
                    serve(connection, number)
                    connection.close()
                }
            }
        }
        thread.start()
    }

    deinit {
        // Wakes the thread in accept, which then ends.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var connections: Int { accepted.load(ordering: .relaxed) }
}

final class RawConnection: Sendable {
    private let socket: Int32
    private let left = Mutex<[UInt8]>([])

    init(_ socket: Int32) {
        self.socket = socket
        // So that a client which never sends cannot hold a test for ever.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The request's head, without its empty line; nil at the end of the connection.
    func readHead() -> String? {
        while true {
            let head = left.withLock { left -> String? in
                guard let end = left.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
                let text = String(decoding: left[..<end.lowerBound], as: UTF8.self)
                left.removeFirst(end.upperBound)
                return text
            }
            if let head { return head }
            guard receive() else { return nil }
        }
    }

    func readBody(_ count: Int) -> [UInt8] {
        while left.withLock({ $0.count }) < count, receive() {}
        return left.withLock { left in
            let body = Array(left.prefix(count))
            left.removeFirst(body.count)
            return body
        }
    }

    /// Whether bytes arrive within `milliseconds`.
    func hasBytes(within milliseconds: Int32) -> Bool {
        if left.withLock({ !$0.isEmpty }) { return true }
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }

    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    func answer(_ status: Int, _ body: String = "", headers: [String] = []) {
        let lines = ["HTTP/1.1 \(status) Reason", "Content-Length: \(body.utf8.count)"] + headers
        send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Closes with a reset instead of a proper end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    func close() {
        Glibc.close(socket)
    }

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        left.withLock { $0 += buffer[..<count] }
        return true
    }
}

/// The value of a header line in a request's head.
func header(_ name: String, in head: String) -> String? {
    for line in head.components(separatedBy: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ":") {
        return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }
    return nil
}
