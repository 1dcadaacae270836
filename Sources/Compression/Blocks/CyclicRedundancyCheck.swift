internal import CZlib

/// CRC-32 as gzip and Parquet pages use it (polynomial 0x04C11DB7, reflected).
///
/// Give the last answer as `previous` to go on over a second piece.
public func crc32(_ bytes: UnsafeRawBufferPointer, previous: UInt32 = 0) -> UInt32 {
    // crc32_z takes a size_t; a null address would ask for the initial value, which an empty piece must not.
    guard let base = bytes.baseAddress, bytes.count > 0 else { return previous }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(previous), base.assumingMemoryBound(to: UInt8.self), bytes.count))
}
