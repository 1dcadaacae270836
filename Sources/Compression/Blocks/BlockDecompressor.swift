internal import CBrotli
internal import CLZ4
internal import CSnappy
internal import CZlib
internal import CZstd

/// Decompresses blocks whose uncompressed size is known beforehand; never writes more than that.
public struct BlockDecompressor: ~Copyable {
    private let zstd: OpaquePointer

    public init() throws(CompressionError) {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        zstd = context
    }

    deinit {
        ZSTD_freeDCtx(zstd)
    }

    /// Fills `target` with what `block` holds; throws where that is not exactly `target.count` bytes.
    public mutating func decompress(
        _ block: UnsafeRawBufferPointer, codec: BlockCodec, to target: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) {
        let size: Int?
        switch codec {
        case .uncompressed:
            guard block.count == target.count else { throw .block(codec, "its sizes differ") }
            target.copyMemory(from: block)
            return
        case .zstd:
            let code = ZSTD_decompressDCtx(zstd, target.baseAddress, target.count, block.baseAddress, block.count)
            if ZSTD_isError(code) != 0 { throw .block(codec, errorName(code)) }
            size = code
        case .snappy: size = Self.snappy(block, target)
        case .gzip: size = try Self.gzip(block, target)
        case .lz4Raw: size = Self.lz4(block, target)
        case .lz4Hadoop: size = Self.hadoop(block, target) ?? Self.lz4(block, target)
        case .brotli: size = Self.brotli(block, target)
        }
        guard let size else { throw .block(codec, "its bytes are damaged") }
        guard size == target.count else {
            throw .block(codec, "it holds \(size) bytes, not \(target.count)")
        }
    }

    private static func snappy(_ block: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let source = block.characters else { return nil }
        var size = 0
        guard snappy_uncompressed_length(source, block.count, &size) == SNAPPY_OK, size <= target.count else {
            return nil
        }
        guard size > 0, let output = target.characters else { return size }
        size = target.count
        return snappy_uncompress(source, block.count, output, &size) == SNAPPY_OK ? size : nil
    }

    /// One or more gzip members, or one zlib stream (RFC 1952 section 2.2, RFC 1950).
    private static func gzip(
        _ block: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int? {
        var stream = z_stream()
        guard let available = UInt32(exactly: block.count), let room = UInt32(exactly: target.count) else { return nil }
        guard varve_inflate_init_any(&stream) == Z_OK else { throw .outOfMemory }
        defer { inflateEnd(&stream) }
        // zlib reads next_in and writes next_out during its calls only; next_in lacks a const for old compilers.
        stream.next_in = UnsafeMutablePointer(mutating: block.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = available
        var none: UInt8 = 0
        return withUnsafeMutablePointer(to: &none) { empty -> Int? in
            stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty
            stream.avail_out = room
            while stream.avail_in > 0 {
                guard inflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                if stream.avail_in > 0, inflateReset(&stream) != Z_OK { return nil }
            }
            return target.count - Int(stream.avail_out)
        }
    }

    private static func lz4(_ block: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let source = block.characters, let count = Int32(exactly: block.count),
            let room = Int32(exactly: target.count)
        else { return nil }
        var none: CChar = 0
        return withUnsafeMutablePointer(to: &none) { empty -> Int? in
            let size = LZ4_decompress_safe(source, target.characters ?? empty, count, room)
            return size < 0 ? nil : Int(size)
        }
    }

    /// Runs of big-endian uncompressed size, compressed size, block (Hadoop's BlockCompressorStream).
    private static func hadoop(_ block: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Int? {
        var (read, written) = (0, 0)
        while read < block.count {
            guard block.count - read >= 8 else { return nil }
            let size = Int(UInt32(bigEndian: block.loadUnaligned(fromByteOffset: read, as: UInt32.self)))
            let compressed = Int(UInt32(bigEndian: block.loadUnaligned(fromByteOffset: read + 4, as: UInt32.self)))
            read += 8
            guard compressed <= block.count - read, size <= target.count - written else { return nil }
            let source = UnsafeRawBufferPointer(rebasing: block[read..<read + compressed])
            let room = UnsafeMutableRawBufferPointer(rebasing: target[written..<written + size])
            guard lz4(source, room) == size else { return nil }
            (read, written) = (read + compressed, written + size)
        }
        return written
    }

    private static func brotli(_ block: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Int? {
        var size = target.count
        var none: UInt8 = 0
        let source = block.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return withUnsafeMutablePointer(to: &none) { empty -> Int? in
            let output = target.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty
            // decode.h: on success the size is that of the output; nothing is written past the size that went in.
            let result = BrotliDecoderDecompress(block.count, source, &size, output)
            return result == BROTLI_DECODER_RESULT_SUCCESS ? size : nil
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var characters: UnsafePointer<CChar>? { baseAddress?.assumingMemoryBound(to: CChar.self) }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var characters: UnsafeMutablePointer<CChar>? { baseAddress?.assumingMemoryBound(to: CChar.self) }
}
