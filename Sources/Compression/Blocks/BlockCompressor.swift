internal import CLZ4
internal import CSnappy
internal import CZlib
internal import CZstd

/// Compresses blocks with one codec; contexts are reused from block to block, one thread at a time may use it.
public struct BlockCompressor: ~Copyable {
    public let codec: BlockCodec
    private let level: Int32
    private let zstd: OpaquePointer?

    /// `level` is zstd's, -7 to 22 but for 0, or gzip's, 1 to 9; the other codecs have none.
    public init(codec: BlockCodec, level: Int32) throws(CompressionError) {
        switch codec {
        case .lz4Hadoop, .brotli: throw .library("blocks are not written with \(codec)")
        case .gzip where !(1...9).contains(level): throw .blockLevel(level, codec)
        case .zstd where !(-7...22).contains(level) || level == 0: throw .level(level)
        default: break
        }
        let context = codec == .zstd ? ZSTD_createCCtx() : nil
        if codec == .zstd, context == nil { throw .outOfMemory }
        if let context { ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level) }
        self.codec = codec
        self.level = level
        zstd = context
    }

    deinit {
        ZSTD_freeCCtx(zstd)
    }

    /// Memory that the context holds now.
    public var memoryBytes: Int { zstd == nil ? 0 : ZSTD_sizeof_CCtx(zstd) }

    /// Appends the compressed `block` to `target` and answers how many bytes that took.
    public mutating func compress(
        _ block: UnsafeRawBufferPointer, to target: FrameBuffer
    ) throws(CompressionError) -> Int {
        switch codec {
        case .uncompressed, .lz4Hadoop, .brotli:
            target.append(block)
            return block.count
        case .zstd: return try zstd(block, target)
        case .snappy: return try snappy(block, target)
        case .gzip: return try gzip(block, target)
        case .lz4Raw: return try lz4(block, target)
        }
    }

    private func zstd(_ block: UnsafeRawBufferPointer, _ target: FrameBuffer) throws(CompressionError) -> Int {
        let bound = ZSTD_compressBound(block.count)
        target.ensure(free: bound)
        let size = ZSTD_compress2(zstd, target.base + target.count, bound, block.baseAddress, block.count)
        if ZSTD_isError(size) != 0 { throw .library(errorName(size)) }
        target.advance(by: size)
        return size
    }

    private func snappy(_ block: UnsafeRawBufferPointer, _ target: FrameBuffer) throws(CompressionError) -> Int {
        var size = snappy_max_compressed_length(block.count)
        target.ensure(free: size)
        // snappy-c.h: the length goes in as the room there is and comes out as what was written; an empty input is
        // read at no byte, but its address must not be null.
        let source = (block.baseAddress ?? UnsafeRawPointer(target.base)).assumingMemoryBound(to: CChar.self)
        let output = (target.base + target.count).assumingMemoryBound(to: CChar.self)
        guard snappy_compress(source, block.count, output, &size) == SNAPPY_OK else {
            throw .library("snappy took no block of \(block.count) bytes")
        }
        target.advance(by: size)
        return size
    }

    private func gzip(_ block: UnsafeRawBufferPointer, _ target: FrameBuffer) throws(CompressionError) -> Int {
        var stream = z_stream()
        guard let count = UInt32(exactly: block.count), varve_deflate_init_gzip(&stream, level) == Z_OK else {
            throw .library("zlib took no block of \(block.count) bytes")
        }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(block.count)))
        target.ensure(free: bound)
        // zlib reads next_in and writes next_out during the call only; next_in lacks a const for old compilers.
        stream.next_in = UnsafeMutablePointer(mutating: block.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = count
        stream.next_out = (target.base + target.count).assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(clamping: bound)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { throw .library("zlib ended early") }
        target.advance(by: Int(stream.total_out))
        return Int(stream.total_out)
    }

    private func lz4(_ block: UnsafeRawBufferPointer, _ target: FrameBuffer) throws(CompressionError) -> Int {
        guard let count = Int32(exactly: block.count), LZ4_compressBound(count) > 0 || count == 0 else {
            throw .library("lz4 takes no block of \(block.count) bytes")
        }
        let bound = LZ4_compressBound(count)
        target.ensure(free: Int(bound))
        let source = (block.baseAddress ?? UnsafeRawPointer(target.base)).assumingMemoryBound(to: CChar.self)
        let size = LZ4_compress_default(
            source, (target.base + target.count).assumingMemoryBound(to: CChar.self), count, bound)
        guard size > 0 else { throw .library("lz4 ended early") }
        target.advance(by: Int(size))
        return Int(size)
    }
}
