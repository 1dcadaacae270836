internal import CZlib

/// Decodes gzip members, one after another (RFC 1952, section 2.2), chunk by chunk, within bounds that hostile input
/// cannot break.
///
/// Memory is zlib's window of 32 KiB and one block of output.
public struct GzipDecoder: StreamDecoder, ~Copyable {
    /// All output together; the input is refused as soon as it would be exceeded. (Deflate itself expands no more than
    /// 1,032 times.)
    public let outputBytesMax: Int64
    /// Input taken so far.
    public private(set) var inputBytes: Int64 = 0
    public private(set) var outputBytes: Int64 = 0
    private var memberStart: Int64 = 0
    private var insideMember = false
    private var blockWasFull = false
    /// On the heap: zlib keeps the address of its stream and refuses it at another.
    private let stream: UnsafeMutablePointer<z_stream>
    private let block: UnsafeMutableRawBufferPointer

    public init(outputBytesMax: Int64 = .max) throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard varve_inflate_init_gzip(stream) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
        (self.outputBytesMax, self.stream) = (outputBytesMax, stream)
        block = .allocate(byteCount: 128 << 10, alignment: 64)
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        block.deallocate()
    }

    public mutating func next(
        in chunk: UnsafeRawBufferPointer, at position: inout Int
    ) throws(CompressionError) -> UnsafeRawBufferPointer? {
        while position < chunk.count || blockWasFull {
            if !insideMember { memberStart = inputBytes }
            insideMember = true
            let (taken, given) = try inflateOnce(chunk, from: position)
            position += taken
            inputBytes += Int64(taken)
            outputBytes += Int64(given)
            if outputBytes > outputBytesMax { throw .tooManyBytes(bytesMax: outputBytesMax) }
            if given > 0 { return UnsafeRawBufferPointer(rebasing: block[..<given]) }
        }
        return nil
    }

    public consuming func finish() throws(CompressionError) {
        if insideMember { throw .gzip(byte: memberStart, reason: "the data ends inside of it") }
    }

    private mutating func inflateOnce(
        _ chunk: UnsafeRawBufferPointer, from position: Int
    ) throws(CompressionError) -> (taken: Int, given: Int) {
        let available = UInt32(clamping: chunk.count - position)
        // zlib reads next_in and writes next_out during its calls only; next_in lacks a const for old compilers.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: chunk.baseAddress?.advanced(by: position).assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = available
        stream.pointee.next_out = block.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: block.count)
        let code = inflate(stream, Z_NO_FLUSH)
        let (left, room) = (stream.pointee.avail_in, stream.pointee.avail_out)
        (stream.pointee.next_in, stream.pointee.next_out) = (nil, nil)
        switch code {
        case Z_STREAM_END:
            // Another member may follow.
            guard inflateReset(stream) == Z_OK else { throw .outOfMemory }
            (insideMember, blockWasFull) = (false, false)
        case Z_OK, Z_BUF_ERROR:
            // A full block may mean that zlib holds more; Z_BUF_ERROR says that it does not (zlib.h, inflate).
            blockWasFull = code == Z_OK && room == 0
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .gzip(byte: memberStart, reason: "its bytes are damaged")
        }
        return (Int(available - left), block.count - Int(room))
    }
}
