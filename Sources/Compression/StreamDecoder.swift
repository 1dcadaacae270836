/// Decodes a stream of bytes chunk by chunk, within bounds that hostile input cannot break.
public protocol StreamDecoder: ~Copyable {
    /// Output given so far.
    var outputBytes: Int64 { get }

    /// Decodes on from `position` in `chunk` and moves it; nil once the chunk is used up.
    ///
    /// The piece is borrowed until the next call. Call again with the same chunk until it answers nil.
    mutating func next(
        in chunk: UnsafeRawBufferPointer, at position: inout Int
    ) throws(CompressionError) -> UnsafeRawBufferPointer?

    /// Says that the input is at its end; throws where that is inside of something.
    consuming func finish() throws(CompressionError)
}

extension FrameDecoder: StreamDecoder {}

/// Hands bytes on as they are.
public struct PlainDecoder: StreamDecoder, ~Copyable {
    /// All output together.
    public let outputBytesMax: Int64
    public private(set) var outputBytes: Int64 = 0

    public init(outputBytesMax: Int64 = .max) {
        self.outputBytesMax = outputBytesMax
    }

    public mutating func next(
        in chunk: UnsafeRawBufferPointer, at position: inout Int
    ) throws(CompressionError) -> UnsafeRawBufferPointer? {
        guard position < chunk.count else { return nil }
        let piece = UnsafeRawBufferPointer(rebasing: chunk[position...])
        guard Int64(piece.count) <= outputBytesMax - outputBytes else { throw .tooManyBytes(bytesMax: outputBytesMax) }
        (position, outputBytes) = (chunk.count, outputBytes + Int64(piece.count))
        return piece
    }

    public consuming func finish() {}
}
