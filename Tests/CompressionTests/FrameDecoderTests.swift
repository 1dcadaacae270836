import Compression
import Foundation
import TestSupport
import Testing

@Suite("Frame decoder")
struct FrameDecoderTests {
    @Test(
        "concatenated and skippable frames decode alike however the input is cut", arguments: [1, 2, 7, 1000, 1 << 20])
    func chunks(chunkBytes: Int) throws {
        let (object, content) = try object()
        #expect(try decode(object, chunkBytes: chunkBytes) == content)
    }

    @Test("input that ends anywhere but behind a frame is truncated, and the frame's place is told")
    func truncation() throws {
        var table = SeekTable()
        let frames = [try zstdCompress(sample(500), level: 3), try zstdCompress(sample(700), level: 3)]
        for frame in frames { table.add(compressedBytes: frame.count, uncompressedBytes: 0) }
        let object = frames[0] + frames[1] + table.encoded()
        let starts = [0, frames[0].count, frames[0].count + frames[1].count]
        for count in 1..<object.count where !starts.contains(count) {
            let start = try #require(starts.last { $0 < count })
            #expect(throws: CompressionError.truncated(byte: Int64(start)), "cut at \(count)") {
                try decode(Array(object[..<count]))
            }
        }
        for start in starts { _ = try decode(Array(object[..<start])) }
    }

    @Test("damage is told with the place of its frame")
    func damage() throws {
        let first = try zstdCompress(sample(500), level: 3)
        var second = try zstdCompress(sample(5000), level: 3)
        second[second.count - 1] ^= 1
        for object in [first + second, first + [1, 2, 3, 4, 5, 6, 7, 8]] {
            let error = try #require(throws: CompressionError.self) { try decode(object) }
            guard case .corrupt(let byte, _) = error else {
                Issue.record("unexpected \(error)")
                continue
            }
            #expect(byte == first.count)
        }
    }

    @Test("a frame with a window of 2 GiB is refused before any memory is taken")
    func window() {
        // RFC 8878, 3.1.1.1.2: window descriptor, exponent 21 over 2^10, no mantissa; then an RLE block.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 21 << 3, 0x03, 0x00, 0x10, 0x61]
        #expect(throws: CompressionError.windowTooLarge(byte: 0, windowLogMax: 27)) { try decode(frame) }
    }

    @Test("a skippable frame that claims more than there is, is truncated and takes no memory")
    func lyingSkippable() {
        let frame: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF] + Array(repeating: 0, count: 100)
        #expect(throws: CompressionError.truncated(byte: 0)) { try decode(frame) }
    }

    @Test("output beyond the limit is refused, and none of it is given")
    func outputLimit() throws {
        let object = try zstdCompress(sample(300_000), level: 3)
        #expect(try zstdDecompress(object, bytesMax: 300_000).count == 300_000)
        #expect(throws: CompressionError.outputTooLarge(byte: 0, bytesMax: 299_999)) {
            try zstdDecompress(object, bytesMax: 299_999)
        }
    }

    @Test("a bomb is refused early; one line repeated for ever is not")
    func bombs() throws {
        let zeros = try zstdCompress([UInt8](repeating: 0, count: 64 << 20), level: 3)
        let error = try #require(throws: CompressionError.self) { try decode(zeros) }
        guard case .ratioTooHigh = error else {
            Issue.record("unexpected \(error)")
            return
        }
        var lines = Array("{\"alive\":true}\n".utf8)
        while lines.count < 32 << 20 { lines += lines }
        #expect(try decode(zstdCompress(lines, level: 3)).count == lines.count)
    }

    @Test("what is known to have so many bytes is held against that alone")
    func knownSize() throws {
        let count = 40 << 20
        let letters = try zstdCompress([UInt8](repeating: 0x61, count: count), level: 3)
        #expect(throws: CompressionError.self) { try decode(letters) }
        var decoder = try FrameDecoder(limits: .exactly(outputBytes: Int64(count)))
        var found = 0
        try decoder.decode(letters) { found += $0.count }
        try decoder.finish()
        #expect(found == count)
        var short = try FrameDecoder(limits: .exactly(outputBytes: Int64(count) - 1))
        #expect(throws: CompressionError.outputTooLarge(byte: 0, bytesMax: Int64(count) - 1)) {
            try short.decode(letters) { _ in }
        }
    }

    @Test("zstd's own golden frames decode", .enabled(if: TestData.directory != nil, "needs the shared test data"))
    func goldenGood() throws {
        let sizes = ["block-128k": 131_068, "empty-block": 0, "rle-first-block": 1_048_576]
        for (name, size) in sizes {
            let output = try decode(TestData.bytes("zstd/golden-decompression/\(name).zst"))
            #expect(output.count == size, "\(name)")
        }
    }

    @Test(
        "zstd's own broken frames do no harm; older libraries take some of them",
        .enabled(if: TestData.directory != nil, "needs the shared test data"),
        arguments: ["off0.bin.zst", "truncated_huff_state.zst", "zeroSeq_extraneous.zst"])
    func goldenBad(name: String) throws {
        let bytes = try TestData.bytes("zstd/golden-decompression-errors/\(name)")
        // libzstd before 1.5.5 accepts them and gives a few bytes; since then they are refused.
        let output = try? decode(bytes)
        #expect((output ?? []).count < 64)
    }

    @Test(
        "zstd's own inputs survive a round trip",
        .enabled(if: TestData.directory != nil, "needs the shared test data"),
        arguments: [
            "http", "huffman-compressed-larger", "large-literal-and-match-lengths",
            "PR-3517-block-splitter-corruption-test",
        ])
    func goldenInputs(name: String) throws {
        let content = try TestData.bytes("zstd/golden-compression/\(name)")
        for level in [1, 3, 19] as [Int32] {
            #expect(try zstdDecompress(zstdCompress(content, level: level), bytesMax: content.count) == content)
        }
    }

    @Test("random damage never traps", arguments: 0..<8 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (object, content) = try object()
        for _ in 0..<200 {
            var damaged = object
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: damaged.indices, using: &generator)
                damaged[index] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let output = try? decode(damaged, chunkBytes: 4096) else { continue }
            // Only the seek table has no checksum, and headers that do not change what they mean.
            #expect(content.starts(with: output) || output.starts(with: content), "seed \(seed)")
        }
    }

    /// Three frames with a skippable one between them and a seek table at the end, and what they hold.
    private func object() throws -> (object: [UInt8], content: [UInt8]) {
        var table = SeekTable()
        var object: [UInt8] = []
        var content: [UInt8] = []
        for size in [10_000, 0, 20_000] {
            let frame = try zstdCompress(sample(size), level: 3)
            table.add(compressedBytes: frame.count, uncompressedBytes: size)
            object += frame
            content += sample(size)
        }
        return (object + table.encoded(), content)
    }

    @discardableResult
    private func decode(_ object: [UInt8], chunkBytes: Int = 1 << 20) throws -> [UInt8] {
        var decoder = try FrameDecoder()
        var output: [UInt8] = []
        for start in stride(from: 0, to: object.count, by: chunkBytes) {
            let chunk = Array(object[start..<min(start + chunkBytes, object.count)])
            try decoder.decode(chunk) { output.append(contentsOf: $0) }
        }
        try decoder.finish()
        return output
    }
}
