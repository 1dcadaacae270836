internal import CZstd

/// Decodes a run of zstd frames chunk by chunk, within bounds that hostile input cannot break.
///
/// Concatenated frames give one stream of bytes; skippable frames (seek tables) give none. Memory is one window, at
/// most `2^windowLogMax` bytes, and one output block.
public struct FrameDecoder: ~Copyable {
    public struct Limits: Sendable {
        /// Frames that need a window of more than two to this power bytes are refused.
        public var windowLogMax: Int32
        /// All output together; the input is refused as soon as it would be exceeded.
        public var outputBytesMax: Int64
        /// Output per input byte, for output beyond `ratioFreeBytes`. One line repeated for ever reaches about 12,000,
        /// one byte repeated for ever 32,000: no lines are made of that.
        public var ratioMax: Int64
        /// Output that is not held against `ratioMax`.
        public var ratioFreeBytes: Int64

        public init(
            windowLogMax: Int32 = 27, outputBytesMax: Int64 = .max, ratioMax: Int64 = 20_000,
            ratioFreeBytes: Int64 = 16 << 20
        ) {
            (self.windowLogMax, self.outputBytesMax) = (windowLogMax, outputBytesMax)
            (self.ratioMax, self.ratioFreeBytes) = (ratioMax, ratioFreeBytes)
        }

        /// For what is known to have so many bytes: they are the bound, and events of one byte over and over are in it.
        public static func exactly(outputBytes: Int64) -> Limits {
            Limits(outputBytesMax: max(0, outputBytes), ratioMax: .max)
        }
    }

    public let limits: Limits
    /// Input taken so far.
    public private(set) var inputBytes: Int64 = 0
    /// Output given so far.
    public private(set) var outputBytes: Int64 = 0
    private var frameStart: Int64 = 0
    private var insideFrame = false
    private var blockWasFull = false
    private let context: OpaquePointer
    private let block: UnsafeMutableRawBufferPointer

    public init(limits: Limits = Limits()) throws(CompressionError) {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        let code = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, limits.windowLogMax)
        if ZSTD_isError(code) != 0 {
            ZSTD_freeDCtx(context)
            throw .library(errorName(code))
        }
        self.limits = limits
        self.context = context
        block = .allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 64)
    }

    deinit {
        ZSTD_freeDCtx(context)
        block.deallocate()
    }

    /// Decodes on from `position` in `chunk` and moves it; nil once the chunk is used up.
    ///
    /// The piece is borrowed until the next call. Call again with the same chunk until it answers nil.
    public mutating func next(
        in chunk: UnsafeRawBufferPointer, at position: inout Int
    ) throws(CompressionError) -> UnsafeRawBufferPointer? {
        while position < chunk.count || blockWasFull {
            if !insideFrame { frameStart = inputBytes }
            var input = ZSTD_inBuffer(src: chunk.baseAddress, size: chunk.count, pos: position)
            var output = ZSTD_outBuffer(dst: block.baseAddress, size: block.count, pos: 0)
            let hint = ZSTD_decompressStream(context, &output, &input)
            if ZSTD_isError(hint) != 0 { throw failure(hint) }
            insideFrame = hint != 0
            // A full output block may mean that the context holds more (zstd.h, ZSTD_decompressStream).
            blockWasFull = insideFrame && output.pos == output.size
            inputBytes += Int64(input.pos - position)
            outputBytes += Int64(output.pos)
            position = input.pos
            try check()
            if output.pos > 0 { return UnsafeRawBufferPointer(rebasing: block[..<output.pos]) }
        }
        return nil
    }

    /// Decodes all of `chunk`; `body` gets each piece of output, borrowed for the call.
    public mutating func decode(
        _ chunk: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        var position = 0
        while let piece = try next(in: chunk, at: &position) { body(piece) }
    }

    /// Decodes all of `chunk`; `body` gets each piece of output, borrowed for the call.
    public mutating func decode(
        _ chunk: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        try chunk.withUnsafeBufferPointer { (raw) throws(CompressionError) in
            try decode(UnsafeRawBufferPointer(raw), body)
        }
    }

    /// Says that the input is at its end; throws where that is inside a frame.
    public consuming func finish() throws(CompressionError) {
        if insideFrame { throw .truncated(byte: frameStart) }
    }

    private func check() throws(CompressionError) {
        if outputBytes > limits.outputBytesMax {
            throw .outputTooLarge(byte: frameStart, bytesMax: limits.outputBytesMax)
        }
        if outputBytes > limits.ratioFreeBytes, outputBytes / limits.ratioMax > inputBytes {
            throw .ratioTooHigh(byte: frameStart, ratioMax: limits.ratioMax)
        }
    }

    private func failure(_ code: Int) -> CompressionError {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_frameParameter_windowTooLarge:
            .windowTooLarge(byte: frameStart, windowLogMax: limits.windowLogMax)
        case ZSTD_error_memory_allocation: .outOfMemory
        default: .corrupt(byte: frameStart, reason: errorName(code).asciiLowercased)
        }
    }
}

/// Decompresses small things such as manifests and log entries, at most `bytesMax` bytes of them.
public func zstdDecompress(_ bytes: [UInt8], bytesMax: Int) throws(CompressionError) -> [UInt8] {
    var decoder = try FrameDecoder(limits: .init(outputBytesMax: Int64(bytesMax)))
    var output: [UInt8] = []
    try decoder.decode(bytes) { output.append(contentsOf: $0) }
    try decoder.finish()
    return output
}

extension String {
    /// zstd begins its messages with a capital; ours do not.
    fileprivate var asciiLowercased: String { prefix(1).lowercased() + dropFirst() }
}
