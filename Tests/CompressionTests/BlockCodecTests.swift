import Compression
import Testing

@Suite("Blocks")
struct BlockCodecTests {
    private static let written: [BlockCodec] = [.uncompressed, .snappy, .gzip, .zstd, .lz4Raw]

    private static func compressed(_ bytes: [UInt8], _ codec: BlockCodec) throws -> [UInt8] {
        var compressor = try BlockCompressor(codec: codec, level: 3)
        let target = FrameBuffer(capacityBytes: 0)
        let count = try bytes.withUnsafeBytes { try compressor.compress($0, to: target) }
        #expect(count == target.count)
        return Array(target.bytes)
    }

    private static func decompressed(_ bytes: [UInt8], _ codec: BlockCodec, count: Int) throws -> [UInt8] {
        var decompressor = try BlockDecompressor()
        var target = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeBytes { block in
            try target.withUnsafeMutableBytes { try decompressor.decompress(block, codec: codec, to: $0) }
        }
        return target
    }

    @Test("come back as they were", arguments: written, [0, 1, 100, 300_000])
    func roundTrip(codec: BlockCodec, count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
        let block = try Self.compressed(bytes, codec)
        #expect(try Self.decompressed(block, codec, count: count) == bytes)
    }

    @Test("of another size or cut short are refused", arguments: written)
    func refused(codec: BlockCodec) throws {
        let bytes = [UInt8](repeating: 7, count: 1000)
        let block = try Self.compressed(bytes, codec)
        for count in [999, 1001, 0] {
            #expect(throws: CompressionError.self) { try Self.decompressed(block, codec, count: count) }
        }
        #expect(throws: CompressionError.self) { try Self.decompressed(Array(block.dropLast(3)), codec, count: 1000) }
    }

    @Test("CRC-32 is gzip's, in one piece or two")
    func crc() {
        let bytes = Array("123456789".utf8)
        #expect(bytes.withUnsafeBytes { crc32($0) } == 0xCBF4_3926)
        let first = bytes[..<4].withUnsafeBytes { crc32($0) }
        #expect(bytes[4...].withUnsafeBytes { crc32($0, previous: first) } == 0xCBF4_3926)
    }
}
