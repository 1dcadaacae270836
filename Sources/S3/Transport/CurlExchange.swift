internal import CCurl
internal import ObjectStorage
internal import Synchronization

/// The state of one exchange while libcurl performs it: what the callbacks read and write.
///
/// One thread performs an exchange; only `isCancelled` is touched by others.
final class CurlExchange {
    private let chunks: [[UInt8]]
    private var (chunk, offset) = (0, 0)
    private let isCancelled: CancellationFlag
    private let bodyBytesMax: Int

    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private(set) var requestsSent = 0
    private(set) var announcedBytes: Int?

    init(_ request: HTTPRequest, _ flag: CancellationFlag) {
        chunks = request.body.chunks
        bodyBytesMax = request.responseBytesMax
        isCancelled = flag
    }

    /// Copies the next bytes of the request's body; 0 at its end.
    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        var copied = 0
        while copied < target.count, chunk < chunks.count {
            let count = min(chunks[chunk].count - offset, target.count - copied)
            chunks[chunk].withUnsafeBytes { source in
                target[copied..<(copied + count)].copyBytes(from: source[offset..<(offset + count)])
            }
            copied += count
            offset += count
            if offset == chunks[chunk].count { (chunk, offset) = (chunk + 1, 0) }
        }
        return copied
    }

    /// Moves to `position` of the request's body.
    func seek(to position: Int) -> Bool {
        var left = position
        for (index, bytes) in chunks.enumerated() {
            if left < bytes.count {
                (chunk, offset) = (index, left)
                return true
            }
            left -= bytes.count
        }
        (chunk, offset) = (chunks.count, 0)
        return left == 0
    }

    /// Takes one header line. A status line starts a new response: those before it were interim (1xx).
    func takeHeader(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            let words = text.split(separator: " ", maxSplits: 2)
            status = words.count > 1 ? Int(words[1].prefix(3)) ?? 0 : 0
            headers = HTTPHeaders()
            announcedBytes = nil
            return
        }
        guard headers.fields.count < Self.headersMax, let colon = text.firstIndex(of: ":") else { return }
        let name = String(text[..<colon])
        let value = text[text.index(after: colon)...].trimmed
        headers.append(name, value)
        if name.lowercased() == "content-length" { announcedBytes = Int(value) }
    }

    /// Takes bytes of the response's body; false stops the transfer.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (200..<300).contains(status) else {
            body += bytes.prefix(max(0, HTTPRequest.errorBytesMax - body.count))
            return true
        }
        guard bytes.count <= bodyBytesMax - body.count, announcedBytes ?? 0 <= bodyBytesMax else {
            isTooLarge = true
            return false
        }
        if body.isEmpty, let announcedBytes { body.reserveCapacity(max(0, announcedBytes)) }
        body += bytes
        return true
    }

    func noteRequestSent() {
        requestsSent += 1
    }

    var wasCancelled: Bool { isCancelled.isSet }

    static let headersMax = 200
}

/// Set by the task that waits, read by the thread that works.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() {
        flag.store(true, ordering: .relaxed)
    }
}

extension Substring {
    /// Without white space (line breaks too) at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
