import TestSupport
import Testing

@testable import LakeModel
@testable import Maintenance

@Suite("Memory of a merge")
struct MergeMemoryTests {
    private static let mebibyte: Int64 = 1 << 20

    private func memory(
        of mebibytes: Int64, in share: Int64, from format: DataFormat = .envelope, to output: DataFormat = .parquet,
        records: Int64 = 100_000, total: Int64 = 8192, limit: Int? = nil
    ) throws -> MergeMemory {
        let load = MergeMemory.Load(
            format: format, outputFormat: output, bytes: mebibytes * Self.mebibyte / 5,
            uncompressedBytes: mebibytes * Self.mebibyte, records: records)
        return MergeMemory(
            load, keepsLastOfKey: false, share: share * Self.mebibyte, total: total * Self.mebibyte, limit: limit)
    }

    @Test("lines that fit a merge's share are sorted at once", arguments: [1, 75, 140] as [Int64])
    func whole(mebibytes: Int64) throws {
        let memory = try memory(of: mebibytes, in: 256)
        #expect(memory.sortBytesMax == Int(mebibytes * Self.mebibyte))
        #expect(memory.bytes <= 256 * Self.mebibyte)
    }

    @Test("lines that do not fit are sorted in stretches", arguments: [160, 1000] as [Int64])
    func stretches(mebibytes: Int64) throws {
        #expect(try memory(of: mebibytes, in: 256).sortBytesMax == 64 << 20)
        #expect(try memory(of: mebibytes, in: 32).sortBytesMax == 32 << 20)
        #expect(try memory(of: mebibytes, in: 4096, limit: 5000).sortBytesMax == 5000)
    }

    @Test("many short lines take more than their bytes")
    func shortLines() throws {
        #expect(try memory(of: 100, in: 256, records: 2_000_000).sortBytesMax == 64 << 20)
        #expect(try memory(of: 100, in: 256, records: .max).sortBytesMax == 64 << 20)
    }

    @Test("how long the lines of columns are nobody knows before")
    func columns() throws {
        #expect(try memory(of: 1, in: 512, from: .parquet).sortBytesMax == 64 << 20)
    }

    @Test("a merge of the usual target fits the usual memory", arguments: [DataFormat.envelope, .parquet])
    func defaults(format: DataFormat) throws {
        let policy = CompactionPolicy()
        // What is at least so large is good as it is, so that merges of it are done once.
        let load = MergeMemory.Load(
            format: format, outputFormat: .parquet, bytes: policy.smallBytesBelow,
            uncompressedBytes: policy.smallBytesBelow * 6, records: 5_000_000)
        #expect(MergeMemory.fits(load, total: 512 * Self.mebibyte))
        let memory = MergeMemory(
            load, keepsLastOfKey: false, share: 256 * Self.mebibyte, total: 512 * Self.mebibyte, limit: nil)
        #expect(memory.bytes <= 512 * Self.mebibyte && memory.sortBytesMax >= 32 << 20)
        var larger = load
        larger.bytes = 400 * Self.mebibyte
        #expect(!MergeMemory.fits(larger, total: 512 * Self.mebibyte))
    }

    @Test("what the planner lets through is within the memory, however many merges share it")
    func plannedFits() {
        for seed in 0..<2000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let formats: [DataFormat] = [.envelope, .parquet]
            let bytes = Int64.random(in: 1...400, using: &random) * Self.mebibyte
            let load = MergeMemory.Load(
                format: formats[Int(random.next() % 2)], outputFormat: formats[Int(random.next() % 2)], bytes: bytes,
                uncompressedBytes: bytes * Int64.random(in: 1...12, using: &random) / 2,
                records: bytes / Int64.random(in: 10...2000, using: &random))
            let total = Int64.random(in: 128...2048, using: &random) * Self.mebibyte
            let memory = MergeMemory(
                load, keepsLastOfKey: false, share: total / Int64.random(in: 1...8, using: &random), total: total,
                limit: nil)
            #expect(!MergeMemory.fits(load, total: total) || memory.bytes <= total, "seed \(seed): \(memory)")
        }
    }

    @Test("entries of lines take what is counted for them")
    func entries() throws {
        #expect(MemoryLayout<SortEntry>.stride * 3 / 2 <= RowSorter.entryBytes)
        let rows = 100_000
        let sorter = try RowSorter(runBytesMax: 8 << 20, expectedBytes: Int64(rows * 40), expectedRows: Int64(rows))
        let line = Array(repeating: UInt8(ascii: "x"), count: 40)
        for row in 0..<rows {
            let key = RowKey(time: 0, source: 0, offset: Int64(rows - row))
            try line.withUnsafeBytes { try sorter.add($0, key: key) }
        }
        #expect(sorter.entryCapacity * MemoryLayout<SortEntry>.stride < rows * 48, "\(sorter.entryCapacity)")
        let hostile = try RowSorter(runBytesMax: 1 << 20, expectedBytes: .max, expectedRows: .max)
        #expect(hostile.entryCapacity <= 16_384)
    }
}
