internal import CZstd

/// Compresses buffers into whole zstd frames (RFC 8878), each with its content size and a checksum of its content.
///
/// The context and the output memory are reused from frame to frame; one thread at a time may use it.
public struct FrameCompressor: ~Copyable {
    private let context: OpaquePointer
    private var scratch: UnsafeMutableRawBufferPointer

    /// Levels are libzstd's own, -7 to 22; 3 is its default.
    public init(level: Int32) throws(CompressionError) {
        guard (-7...22).contains(level), level != 0 else { throw .level(level) }
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        let settings: [(ZSTD_cParameter, Int32)] = [
            (ZSTD_c_compressionLevel, level), (ZSTD_c_contentSizeFlag, 1), (ZSTD_c_checksumFlag, 1),
        ]
        for (parameter, value) in settings {
            let code = ZSTD_CCtx_setParameter(context, parameter, value)
            if ZSTD_isError(code) != 0 {
                ZSTD_freeCCtx(context)
                throw .library(errorName(code))
            }
        }
        self.context = context
        scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit {
        ZSTD_freeCCtx(context)
        scratch.deallocate()
    }

    /// Memory that the context and the output scratch hold now.
    public var memoryBytes: Int { ZSTD_sizeof_CCtx(context) + scratch.count }

    /// Makes one frame of the buffer's content.
    public mutating func compress(_ buffer: FrameBuffer) throws(CompressionError) -> [UInt8] {
        try compress(buffer.bytes)
    }

    /// Makes one frame of `bytes`.
    public mutating func compress(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        if scratch.count < bound {
            scratch.deallocate()
            scratch = .allocate(byteCount: bound, alignment: 64)
        }
        // ZSTD_compress2 resets the session, keeps the parameters and knows the content size from its argument.
        let size = ZSTD_compress2(context, scratch.baseAddress, scratch.count, bytes.baseAddress, bytes.count)
        if ZSTD_isError(size) != 0 {
            throw ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation ? .outOfMemory : .library(errorName(size))
        }
        // A copy of the compressed bytes costs far less than handing out arrays of the size of the bound.
        let frame = UnsafeRawBufferPointer(start: scratch.baseAddress, count: size)
        return [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
            UnsafeMutableRawBufferPointer(target).copyMemory(from: frame)
            initialized = size
        }
    }
}

/// Compresses small things such as manifests and log entries into one frame.
public func zstdCompress(_ bytes: [UInt8], level: Int32) throws(CompressionError) -> [UInt8] {
    var compressor = try FrameCompressor(level: level)
    return try bytes.withUnsafeBufferPointer { (raw) throws(CompressionError) in
        try compressor.compress(UnsafeRawBufferPointer(raw))
    }
}

/// libzstd's own words for an error code.
func errorName(_ code: Int) -> String {
    // ZSTD_getErrorName returns a constant string that lives as long as the library.
    String(cString: ZSTD_getErrorName(code))
}
