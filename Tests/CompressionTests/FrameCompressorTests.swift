import Compression
import TestSupport
import Testing

@Suite("Frame compressor")
struct FrameCompressorTests {
    @Test("what goes in comes out, at every level", arguments: [-7, -1, 1, 3, 9, 19] as [Int32])
    func roundTrip(level: Int32) throws {
        var compressor = try FrameCompressor(level: level)
        for size in [0, 1, 100, 65_536, 300_000] {
            let content = sample(size)
            let buffer = FrameBuffer(capacityBytes: 0)
            content.withUnsafeBytes { buffer.append($0) }
            let frame = try compressor.compress(buffer)
            #expect(try zstdDecompress(frame, bytesMax: size) == content)
        }
    }

    @Test("a frame tells its content's size and carries a checksum")
    func header() throws {
        let frame = try zstdCompress(sample(300_000), level: 3)
        // RFC 8878, 3.1.1: magic, then the descriptor: bits 6-7 size of the content size, bit 2 checksum.
        #expect(frame.prefix(4) == [0x28, 0xB5, 0x2F, 0xFD])
        #expect(frame[4] >> 6 == 2 && frame[4] & 4 == 4)
        let sizeStart = frame[4] & 0x20 == 0 ? 6 : 5
        let size = (0..<4).reduce(0) { $0 | Int(frame[sizeStart + $1]) << (8 * $1) }
        #expect(size == 300_000)
    }

    @Test("one flipped bit anywhere behind the header never changes the content unnoticed")
    func checksum() throws {
        let content = sample(2000)
        let frame = try zstdCompress(content, level: 3)
        for index in frame.indices.dropFirst(7) {
            var damaged = frame
            damaged[index] ^= 0x10
            let output = try? zstdDecompress(damaged, bytesMax: 1 << 20)
            #expect(output == nil || output == content)
        }
    }

    @Test("levels that zstd does not have are refused", arguments: [0, 23, -8, .max, .min] as [Int32])
    func levels(level: Int32) {
        #expect(throws: CompressionError.level(level)) { _ = try FrameCompressor(level: level) }
    }

    @Test("the context is reused: its memory does not grow from frame to frame")
    func reuse() throws {
        var compressor = try FrameCompressor(level: 3)
        let content = sample(1 << 20)
        let first = try content.withUnsafeBytes { try compressor.compress($0) }
        let memory = compressor.memoryBytes
        for _ in 0..<20 {
            let again = try content.withUnsafeBytes { try compressor.compress($0) }
            #expect(again == first)
        }
        #expect(compressor.memoryBytes == memory)
        #expect(memory < 8 << 20)
    }
}

/// Text that compresses as lines of events do.
func sample(_ count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(count))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 100)
    while bytes.count < count {
        let number = generator.next()
        bytes += Array(#"{"id":"\#(number)","type":"\#(number % 7)","note":"the same again and again"}\#n"#.utf8)
    }
    return Array(bytes.prefix(count))
}
