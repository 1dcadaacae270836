/// Where the frames of an object are, in the zstd seekable format: a skippable frame at the end, which every zstd
/// reader passes over (facebook/zstd, contrib/seekable_format).
public struct SeekTable: Hashable, Sendable {
    public struct Frame: Hashable, Sendable {
        public var offset: Int64
        public var compressedBytes: Int
        public var uncompressedOffset: Int64
        public var uncompressedBytes: Int
    }

    public private(set) var frames: [Frame] = []

    static let skippableMagic: UInt32 = 0x184D_2A5E
    static let footerMagic: UInt32 = 0x8F92_EAB1
    static let footerBytes = 9

    public init() {}

    public mutating func add(compressedBytes: Int, uncompressedBytes: Int) {
        let end = frames.last.map { ($0.offset + Int64($0.compressedBytes), $0.uncompressedOffset + Int64($0.uncompressedBytes)) }
        frames.append(
            Frame(
                offset: end?.0 ?? 0, compressedBytes: compressedBytes, uncompressedOffset: end?.1 ?? 0,
                uncompressedBytes: uncompressedBytes))
    }

    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        put(Self.skippableMagic)
        put(UInt32(frames.count * 8 + Self.footerBytes))
        for frame in frames {
            put(UInt32(clamping: frame.compressedBytes))
            put(UInt32(clamping: frame.uncompressedBytes))
        }
        put(UInt32(clamping: frames.count))
        bytes.append(0)
        put(Self.footerMagic)
        return bytes
    }
}
