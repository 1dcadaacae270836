import Testing

@testable import LakeModel
@testable import Maintenance

@Suite("Memory of a merge")
struct MergeMemoryTests {
    private static let mebibyte: Int64 = 1 << 20

    private func memory(
        of mebibytes: Int64, in share: Int64, from format: DataFormat = .envelope, to output: DataFormat = .parquet,
        records: Int64 = 100_000, limit: Int? = nil
    ) throws -> MergeMemory {
        let partition = PartitionPath(date: CalendarDay(daysSinceEpoch: 20_777), hour: 5, shard: 0)
        let group = CompactionGroup(
            id: 0, side: .main, partition: partition, format: format, outputFormat: output, inputs: [],
            bytes: mebibytes * Self.mebibyte / 5, uncompressedBytes: mebibytes * Self.mebibyte, records: records,
            outputs: 1, requests: RequestCount())
        return MergeMemory(group, keepsLastOfKey: false, share: share * Self.mebibyte, limit: limit)
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
        #expect(try memory(of: mebibytes, in: 32).sortBytesMax == 16 << 20)
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
