import Compression
import Testing

@Suite("gzip, chunk by chunk")
struct GzipDecoderTests {
    private static func member(_ bytes: [UInt8]) throws -> [UInt8] {
        var compressor = try BlockCompressor(codec: .gzip, level: 6)
        let target = FrameBuffer(capacityBytes: 0)
        _ = try bytes.withUnsafeBytes { try compressor.compress($0, to: target) }
        return Array(target.bytes)
    }

    private static func decoded(
        _ bytes: [UInt8], chunk: Int, bytesMax: Int64 = .max
    ) throws(CompressionError) -> [UInt8] {
        var decoder = try GzipDecoder(outputBytesMax: bytesMax)
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            let part = Array(bytes[start..<min(start + chunk, bytes.count)])
            try part.withUnsafeBufferPointer { (buffer) throws(CompressionError) in
                var position = 0
                while let piece = try decoder.next(in: UnsafeRawBufferPointer(buffer), at: &position) {
                    output += Array(piece)
                }
            }
        }
        try decoder.finish()
        return output
    }

    @Test("members come back as one stream, however they are cut", arguments: [1, 2, 7, 1000, 1 << 20])
    func members(chunk: Int) throws {
        let plain = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
        let parts = [Array(plain[..<300_000]), [], Array(plain[300_000...])]
        let bytes = try parts.flatMap { try Self.member($0) }
        #expect(try Self.decoded(bytes, chunk: chunk) == plain)
    }

    @Test("nothing gives nothing") func empty() throws { #expect(try Self.decoded([], chunk: 1) == []) }

    @Test("what expands a thousand times is given in blocks")
    func expanding() throws {
        let plain = [UInt8](repeating: 0x20, count: 5 << 20)
        #expect(try Self.decoded(try Self.member(plain), chunk: 100) == plain)
    }

    @Test("input that is cut, damaged or followed by something else is refused")
    func refused() throws {
        let first = try Self.member(Array("some lines".utf8))
        let bytes = try first + Self.member((0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) })
        for count in (first.count + 1)..<bytes.count {
            #expect(throws: CompressionError.self) { try Self.decoded(Array(bytes[..<count]), chunk: 64) }
        }
        #expect(throws: CompressionError.self) { try Self.decoded(bytes + [0], chunk: 64) }
        #expect(throws: CompressionError.self) { try Self.decoded(bytes + Array("{}".utf8), chunk: 64) }
        var damaged = bytes
        damaged[bytes.count - 5] ^= 1
        #expect(throws: CompressionError.gzip(byte: Int64(first.count), reason: "its bytes are damaged")) {
            try Self.decoded(damaged, chunk: 64)
        }
    }

    @Test("more than was allowed is refused, what is allowed is not")
    func limit() throws {
        let bytes = try Self.member([UInt8](repeating: 1, count: 1000))
        #expect(try Self.decoded(bytes, chunk: 64, bytesMax: 1000).count == 1000)
        #expect(throws: CompressionError.tooManyBytes(bytesMax: 999)) {
            try Self.decoded(bytes, chunk: 64, bytesMax: 999)
        }
    }
}
