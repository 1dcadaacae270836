import Compression
import Testing

@Suite("Seek table")
struct SeekTableTests {
    @Test("is written as the seekable format says")
    func golden() {
        var table = SeekTable()
        table.add(compressedBytes: 0x0102, uncompressedBytes: 0x0A0B0C)
        table.add(compressedBytes: 5, uncompressedBytes: 6)
        #expect(
            table.encoded() == [
                0x5E, 0x2A, 0x4D, 0x18, 25, 0, 0, 0,
                0x02, 0x01, 0, 0, 0x0C, 0x0B, 0x0A, 0,
                5, 0, 0, 0, 6, 0, 0, 0,
                2, 0, 0, 0, 0, 0xB1, 0xEA, 0x92, 0x8F,
            ])
        #expect(table.encoded().count == table.encodedBytes)
    }

    @Test("tells where each frame lies, and is read back", arguments: [0, 1, 2, 1000])
    func roundTrip(frames: Int) throws {
        var table = SeekTable()
        for frame in 0..<frames { table.add(compressedBytes: frame + 1, uncompressedBytes: frame * 10) }
        let tail = [1, 2, 3] + table.encoded()
        let read = try #require(try SeekTable.parse(tail: tail))
        #expect(read == table)
        #expect(read.frames.count == frames)
        #expect(read.compressedBytes == Int64(frames * (frames + 1) / 2))
        for (before, after) in zip(read.frames, read.frames.dropFirst()) {
            #expect(after.offset == before.offset + before.compressedBytes)
            #expect(after.uncompressedOffset == before.uncompressedOffset + before.uncompressedBytes)
        }
        #expect(try SeekTable.encodedBytes(tail: Array(tail.suffix(SeekTable.footerBytes))) == table.encodedBytes)
    }

    @Test("a table with checksums is read")
    func checksums() throws {
        let bytes: [UInt8] = [
            0x5E, 0x2A, 0x4D, 0x18, 21, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 0x80, 0xB1, 0xEA,
            0x92, 0x8F,
        ]
        let table = try #require(try SeekTable.parse(tail: bytes))
        #expect(table.frames.map(\.compressedBytes) == [9] && table.frames.map(\.uncompressedBytes) == [8])
    }

    @Test("an object without a table has none")
    func none() throws {
        #expect(try SeekTable.parse(tail: []) == nil)
        #expect(try SeekTable.parse(tail: zstdCompress(Array("hello".utf8), level: 3)) == nil)
    }

    @Test("a table that lies is refused")
    func lies() {
        var table = SeekTable()
        for _ in 0..<3 { table.add(compressedBytes: 10, uncompressedBytes: 10) }
        let good = table.encoded()
        let footer = good.count - SeekTable.footerBytes
        let changes: [(Int, UInt8)] = [
            (0, 0), (4, 1), (footer, 4), (footer, 2), (footer + 3, 0xFF), (footer + 4, 0x04), (footer + 4, 0x80),
        ]
        for (index, byte) in changes {
            var bad = good
            bad[index] = byte
            #expect(throws: CompressionError.self, "byte \(index)") { try SeekTable.parse(tail: bad) }
        }
        #expect(throws: CompressionError.self) { try SeekTable.parse(tail: Array(good.dropFirst())) }
    }
}
