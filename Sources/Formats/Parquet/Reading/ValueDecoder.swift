internal import Compression

/// The values of a chunk's dictionary page.
final class ChunkDictionary {
    private(set) var count: Int
    /// Of fixed width, or what `slices` point into.
    let memory = FrameBuffer(capacityBytes: 0)
    private(set) var slices: [UnsafeRawBufferPointer] = []

    init(_ page: Page, _ column: ParquetColumn) throws(ParquetError) {
        count = Int(page.header.valueCount)
        guard [ParquetEncoding.plain.rawValue, ParquetEncoding.plainDictionary.rawValue].contains(page.header.encoding)
        else { throw ParquetError(.unsupported, "", "a dictionary in encoding \(page.header.encoding)") }
        memory.append(page.values)
        if column.type == .boolean { throw .damaged("a dictionary of booleans") }
        if column.type == .byteArray {
            var cursor = ByteCursor(memory.bytes)
            guard count <= memory.count / 4 else { throw .damaged("a dictionary of \(count) values is too short") }
            slices.reserveCapacity(count)
            for _ in 0..<count { slices.append(try cursor.take(Int(try cursor.littleEndian32()))) }
        } else if count > memory.count / column.width {
            throw .damaged("a dictionary of \(count) values is too short")
        }
    }
}

/// Gives the values of one page piece by piece, whatever their encoding.
struct ValueDecoder {
    private enum Source {
        case plain(ByteCursor)
        case bits(ByteCursor, bit: Int)
        case runs(RunLengthDecoder)
        case dictionary(RunLengthDecoder, ChunkDictionary)
        case delta(DeltaDecoder)
        case deltaLength(DeltaDecoder, ByteCursor)
        case deltaArray(DeltaByteArrayDecoder)
        case split(UnsafeRawBufferPointer, stride: Int, next: Int)
    }

    private let column: ParquetColumn
    private var source: Source

    /// `count` is how many values the page has, nulls not counted, or at most has.
    init(
        _ page: Page, _ column: ParquetColumn, _ dictionary: ChunkDictionary?, count: Int
    ) throws(ParquetError) {
        self.column = column
        let bytes = page.values
        guard let encoding = ParquetEncoding(rawValue: page.header.encoding) else {
            throw ParquetError(.unsupported, "", "values in encoding \(page.header.encoding)")
        }
        switch encoding {
        case .plain where column.type == .boolean: source = .bits(ByteCursor(bytes), bit: 0)
        case .plain: source = .plain(ByteCursor(bytes))
        case .rle where column.type == .boolean:
            var cursor = ByteCursor(bytes)
            let length = try cursor.littleEndian32()
            source = .runs(try RunLengthDecoder(try cursor.take(Int(length)), width: 1))
        case .plainDictionary, .rleDictionary:
            guard let dictionary else { throw .damaged("values refer to a dictionary that is not there") }
            // A page of nulls alone may have no bytes at all.
            let width = Int(bytes.first ?? 0)
            let runs = bytes.isEmpty ? bytes : UnsafeRawBufferPointer(rebasing: bytes[1...])
            source = .dictionary(try RunLengthDecoder(runs, width: width), dictionary)
        case .deltaBinaryPacked where column.type == .int32 || column.type == .int64:
            source = .delta(try DeltaDecoder(bytes))
        case .deltaLengthByteArray where column.type == .byteArray:
            let lengths = try DeltaDecoder(bytes)
            var cursor = ByteCursor(bytes)
            cursor.position = try lengths.endPosition()
            source = .deltaLength(lengths, cursor)
        case .deltaByteArray where column.type == .byteArray || column.type == .fixedLengthByteArray:
            source = .deltaArray(try DeltaByteArrayDecoder(bytes))
        case .byteStreamSplit where column.type != .boolean && column.type != .byteArray:
            guard bytes.count % column.width == 0, bytes.count / column.width >= count else {
                throw .damaged("split values take \(bytes.count) bytes, which is not \(count) times \(column.width)")
            }
            source = .split(bytes, stride: bytes.count / column.width, next: 0)
        default:
            throw ParquetError(.unsupported, "", "values of type \(column.type) in encoding \(encoding)")
        }
    }

    /// Puts the next `count` values into the batch; its slices point into the page, the dictionary or the batch.
    mutating func decode(_ count: Int, to batch: ParquetColumnBatch, bytesMax: Int) throws(ParquetError) {
        guard count > 0 else { return }
        switch source {
        case .plain(var cursor):
            try Self.decodePlain(count, column, &cursor, to: batch)
            source = .plain(cursor)
        case .bits(let cursor, let bit):
            guard bit + count <= cursor.bytes.count * 8 else { throw .damaged("the booleans end early") }
            let target = batch.fixedTarget(count, width: 1)
            for index in 0..<count {
                target[index] = cursor.bytes[(bit + index) >> 3] >> UInt8((bit + index) & 7) & 1
            }
            source = .bits(cursor, bit: bit + count)
        case .runs(var runs):
            try runs.decode(batch.fixedTarget(count, width: 1))
            source = .runs(runs)
        case .dictionary(var runs, let dictionary):
            try Self.decodeIndices(count, column, &runs, dictionary, to: batch)
            source = .dictionary(runs, dictionary)
        case .delta(var delta):
            try Self.decodeDelta(count, column, &delta, to: batch)
            source = .delta(delta)
        case .deltaLength(var lengths, var cursor):
            for _ in 0..<count { batch.slices.append(try cursor.take(Int(try lengths.next()))) }
            source = .deltaLength(lengths, cursor)
        case .deltaArray(var arrays):
            try arrays.decode(count, column, to: batch, bytesMax: bytesMax)
            source = .deltaArray(arrays)
        case .split(let bytes, let stride, let next):
            guard count <= stride - next else { throw .damaged("the split values end early") }
            let width = column.width
            let target = batch.fixedTarget(count, width: width)
            for place in 0..<width {
                for index in 0..<count {
                    target[index &* width &+ place] = bytes[place &* stride &+ next &+ index]
                }
            }
            batch.sliceFixed(count, column)
            source = .split(bytes, stride: stride, next: next + count)
        }
    }

    private static func decodePlain(
        _ count: Int, _ column: ParquetColumn, _ cursor: inout ByteCursor, to batch: ParquetColumnBatch
    ) throws(ParquetError) {
        switch column.type {
        case .byteArray:
            for _ in 0..<count { batch.slices.append(try cursor.take(Int(try cursor.littleEndian32()))) }
        case .fixedLengthByteArray, .int96:
            for _ in 0..<count { batch.slices.append(try cursor.take(column.width)) }
        default:
            let bytes = try cursor.take(count * column.width)
            UnsafeMutableRawBufferPointer(batch.fixedTarget(count, width: column.width)).copyMemory(from: bytes)
        }
    }

    private static func decodeIndices(
        _ count: Int, _ column: ParquetColumn, _ runs: inout RunLengthDecoder, _ dictionary: ChunkDictionary,
        to batch: ParquetColumnBatch
    ) throws(ParquetError) {
        let indices = batch.indexTarget(count)
        try runs.decode(indices)
        for index in indices where Int(index) >= dictionary.count {
            throw .damaged("value \(index) of a dictionary of \(dictionary.count)")
        }
        let memory = UnsafeRawPointer(dictionary.memory.base)
        switch column.type {
        case .byteArray:
            for index in indices { batch.slices.append(dictionary.slices[Int(index)]) }
        case .fixedLengthByteArray, .int96:
            for index in indices {
                batch.slices.append(
                    UnsafeRawBufferPointer(start: memory + Int(index) * column.width, count: column.width))
            }
        default:
            let width = column.width
            let target = UnsafeMutableRawBufferPointer(batch.fixedTarget(count, width: width))
            for (place, index) in indices.enumerated() {
                target.baseAddress?.advanced(by: place &* width)
                    .copyMemory(from: memory + Int(index) &* width, byteCount: width)
            }
        }
    }

    private static func decodeDelta(
        _ count: Int, _ column: ParquetColumn, _ delta: inout DeltaDecoder, to batch: ParquetColumnBatch
    ) throws(ParquetError) {
        let target = UnsafeMutableRawBufferPointer(batch.fixedTarget(count, width: column.width))
        for index in 0..<count {
            let value = try delta.next()
            if column.width == 8 {
                target.storeBytes(of: value, toByteOffset: index &* 8, as: Int64.self)
            } else {
                target.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: index &* 4, as: Int32.self)
            }
        }
    }
}

/// Values that share their beginnings with the one before.
struct DeltaByteArrayDecoder {
    private var prefixes: DeltaDecoder
    private var suffixes: DeltaDecoder
    private var cursor: ByteCursor
    private var last: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer) throws(ParquetError) {
        prefixes = try DeltaDecoder(bytes)
        let middle = try prefixes.endPosition()
        let rest = UnsafeRawBufferPointer(rebasing: bytes[middle...])
        suffixes = try DeltaDecoder(rest)
        cursor = ByteCursor(rest)
        cursor.position = try suffixes.endPosition()
    }

    mutating func decode(
        _ count: Int, _ column: ParquetColumn, to batch: ParquetColumnBatch, bytesMax: Int
    ) throws(ParquetError) {
        var ends: [Int] = []
        for _ in 0..<count {
            let shared = try prefixes.next()
            let suffix = try cursor.take(Int(try suffixes.next()))
            guard shared >= 0, shared <= last.count else { throw .damaged("a value shares more than there is") }
            last.removeSubrange(Int(shared)...)
            last.append(contentsOf: suffix)
            guard column.type == .byteArray || last.count == column.width else {
                throw .damaged("a value of \(last.count) bytes in a column of \(column.width)")
            }
            guard batch.fixed.count + last.count <= bytesMax else {
                throw ParquetError(.limit, "", "values of a batch take over \(bytesMax) bytes")
            }
            last.withUnsafeBytes { batch.fixed.append($0) }
            ends.append(batch.fixed.count)
        }
        var start = 0
        for end in ends {
            batch.slices.append(UnsafeRawBufferPointer(start: batch.fixed.base + start, count: end - start))
            start = end
        }
    }
}
