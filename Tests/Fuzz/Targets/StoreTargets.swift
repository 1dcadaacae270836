@testable import LakeModel
@testable import ObjectStorage
@testable import S3

extension FuzzTarget {
    /// Answers of S3 servers; and any text survives being escaped and read back.
    static let xml = FuzzTarget(name: "xml") { bytes in
        _ = try? XMLElement(parsing: Array(bytes))
        let text = String(decoding: bytes, as: UTF8.self)
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value > 0xFFFD }) else { return }
        let document = Array("<a>\(XMLElement.escaped(text))</a>".utf8)
        guard let element = try? XMLElement(parsing: document) else {
            return require(false, "escaped text is read")
        }
        require(element.text == text, "escaped text is read back")
    }

    /// Header lines as libcurl hands them over, and what the S3 store reads from them.
    static let headers = FuzzTarget(name: "headers") { bytes in
        let target = HTTPTarget(scheme: "http", authority: "h")
        let request = HTTPRequest("GET", target, body: ObjectBody([]), responseBytesMax: 1 << 16)
        let exchange = CurlExchange(request, CancellationFlag())
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            exchange.takeHeader(UnsafeRawBufferPointer(rebasing: line))
        }
        _ = exchange.takeBody(bytes)
        require(exchange.headers.fields.count <= CurlExchange.headersMax, "headers are bounded")
        require(exchange.body.count <= max(1 << 16, HTTPRequest.errorBytesMax), "bodies are bounded")
        for field in exchange.headers.fields {
            _ = HTTPDate.parse(field.value)
            _ = S3Store.tag(field.value)
        }
        _ = S3Store.checksum(exchange.headers)
    }
}
