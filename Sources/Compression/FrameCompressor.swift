import CZstd

/// Turns frame buffers into whole zstd frames, each with its content size and checksum. One context, used again.
public struct FrameCompressor: ~Copyable {
    private let context: OpaquePointer
    private var scratch = FrameBuffer(capacityBytes: 0)

    /// - Parameter level: 1–22; `ZSTD_CCtx_setParameter` clamps what zstd does not have.
    public init(level: Int32) throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else { throw CompressionError("zstd: no memory for a context") }
        for (parameter, value) in [(ZSTD_c_compressionLevel, level), (ZSTD_c_checksumFlag, 1)] {
            let code = ZSTD_CCtx_setParameter(context, parameter, value)
            guard ZSTD_isError(code) == 0 else {
                ZSTD_freeCCtx(context)
                throw CompressionError(code: code, doing: "zstd level \(level)")
            }
        }
        self.context = context
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    public mutating func compress(_ buffer: FrameBuffer) throws(CompressionError) -> [UInt8] {
        try compress(UnsafeRawBufferPointer(start: buffer.base, count: buffer.count))
    }

    mutating func compress(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) -> [UInt8] {
        scratch.clear()
        scratch.ensure(free: ZSTD_compressBound(bytes.count))
        let size = ZSTD_compress2(context, scratch.base, scratch.capacity, bytes.baseAddress, bytes.count)
        guard ZSTD_isError(size) == 0 else { throw CompressionError(code: size, doing: "zstd compress") }
        return [UInt8](UnsafeRawBufferPointer(start: scratch.base, count: size))
    }
}
