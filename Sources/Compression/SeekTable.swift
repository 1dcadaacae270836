/// Where each frame of a run of zstd frames lies, as the seekable format of zstd's contrib stores it.
///
/// The table is a skippable frame after the last data frame (zstd, contrib/seekable_format,
/// zstd_seekable_compression_format.md): every decoder reads over it, and a reader that knows it fetches one frame.
/// No checksums are written, as each frame carries its own; a table with checksums is read.
public struct SeekTable: Hashable, Sendable {
    public struct Frame: Hashable, Sendable {
        /// Of the frame's first byte in the object.
        public var offset: Int64
        public var compressedBytes: Int64
        /// Of the frame's first byte in the uncompressed stream.
        public var uncompressedOffset: Int64
        public var uncompressedBytes: Int64
    }

    /// Header of a skippable frame: magic and size.
    static let headerBytes = 8
    /// Number of frames, descriptor, magic.
    public static let footerBytes = 9
    /// The format's own limit (`ZSTD_SEEKABLE_MAXFRAMES`).
    public static let framesMax = 0x800_0000
    private static let skippableMagic: UInt32 = 0x184D_2A5E
    private static let seekableMagic: UInt32 = 0x8F92_EAB1

    public private(set) var frames: [Frame] = []

    public init() {}

    /// Bytes of all the frames, without the table.
    public var compressedBytes: Int64 { frames.last.map { $0.offset + $0.compressedBytes } ?? 0 }
    public var uncompressedBytes: Int64 { frames.last.map { $0.uncompressedOffset + $0.uncompressedBytes } ?? 0 }

    /// Size of the table as a skippable frame.
    public var encodedBytes: Int { Self.headerBytes + frames.count * 8 + Self.footerBytes }

    /// Notes the next frame. The format counts in 32 bits, so a frame is under 4 GiB.
    public mutating func add(compressedBytes: Int, uncompressedBytes: Int) {
        precondition(UInt32(exactly: compressedBytes) != nil && UInt32(exactly: uncompressedBytes) != nil)
        precondition(frames.count < Self.framesMax)
        frames.append(
            Frame(
                offset: self.compressedBytes, compressedBytes: Int64(compressedBytes),
                uncompressedOffset: self.uncompressedBytes, uncompressedBytes: Int64(uncompressedBytes)))
    }

    /// The whole skippable frame, to be written after the last data frame.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encodedBytes)
        bytes.append(littleEndian: Self.skippableMagic)
        bytes.append(littleEndian: UInt32(encodedBytes - Self.headerBytes))
        for frame in frames {
            bytes.append(littleEndian: UInt32(frame.compressedBytes))
            bytes.append(littleEndian: UInt32(frame.uncompressedBytes))
        }
        bytes.append(littleEndian: UInt32(frames.count))
        bytes.append(0)
        bytes.append(littleEndian: Self.seekableMagic)
        return bytes
    }

    /// How many of the object's last bytes hold the table, read from at least its last `footerBytes`; nil where the
    /// object does not end with a seek table.
    public static func encodedBytes(tail: [UInt8]) throws(CompressionError) -> Int? {
        guard tail.count >= footerBytes else { return nil }
        let footer = tail.count - footerBytes
        guard tail.littleEndian(at: footer + 5) == seekableMagic else { return nil }
        let count = Int(tail.littleEndian(at: footer))
        guard count <= framesMax else { throw .seekTable(reason: "\(count) frames are more than the format allows") }
        // Bit 7 says that entries have checksums; bits 2 to 6 are reserved and must be zero.
        guard tail[footer + 4] & 0x7C == 0 else { throw .seekTable(reason: "reserved bits are set") }
        return headerBytes + count * entryBytes(tail) + footerBytes
    }

    /// Reads the table from the object's last bytes; nil where the object does not end with one.
    ///
    /// Throws where the table is damaged or `tail` does not hold all of it (`encodedBytes(tail:)` says how much that
    /// is).
    public static func parse(tail: [UInt8]) throws(CompressionError) -> SeekTable? {
        guard let size = try encodedBytes(tail: tail) else { return nil }
        guard size <= tail.count else {
            throw .seekTable(reason: "it takes \(size) bytes and only \(tail.count) were read")
        }
        let start = tail.count - size
        guard tail.littleEndian(at: start) == skippableMagic,
            Int(tail.littleEndian(at: start + 4)) == size - headerBytes
        else { throw .seekTable(reason: "its header does not fit its footer") }
        var table = SeekTable()
        for entry in stride(from: start + headerBytes, to: tail.count - footerBytes, by: entryBytes(tail)) {
            table.add(
                compressedBytes: Int(tail.littleEndian(at: entry)),
                uncompressedBytes: Int(tail.littleEndian(at: entry + 4)))
        }
        return table
    }

    private static func entryBytes(_ tail: [UInt8]) -> Int {
        tail[tail.count - footerBytes + 4] & 0x80 == 0 ? 8 : 12
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    fileprivate func littleEndian(at index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[index + $1]) << (8 * $1) }
    }
}
