import CZstd

/// What went wrong inside libzstd.
public struct CompressionError: Error, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Compresses `bytes` into one zstd frame that states its content size.
public func zstdCompress(_ bytes: [UInt8], level: Int32) throws(CompressionError) -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    var written = 0
    let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
        written = bytes.withUnsafeBytes { ZSTD_compress(target.baseAddress, bound, $0.baseAddress, $0.count, level) }
        count = ZSTD_isError(written) == 0 ? written : 0
    }
    guard ZSTD_isError(written) == 0 else { throw CompressionError("zstd cannot compress \(bytes.count) bytes") }
    return frame
}

/// Decompresses one zstd frame that states its content size; refuses one that is larger than `bytesMax`.
public func zstdDecompress(_ bytes: [UInt8], bytesMax: Int) throws(CompressionError) -> [UInt8] {
    let stated = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    guard stated != ZSTD_CONTENTSIZE_ERROR, stated != ZSTD_CONTENTSIZE_UNKNOWN else {
        throw CompressionError("not a zstd frame with a content size")
    }
    guard stated <= UInt64(bytesMax) else { throw CompressionError("zstd content of \(stated) bytes is too large") }
    var read = 0
    let content = [UInt8](unsafeUninitializedCapacity: Int(stated)) { target, count in
        read = bytes.withUnsafeBytes { ZSTD_decompress(target.baseAddress, Int(stated), $0.baseAddress, $0.count) }
        count = ZSTD_isError(read) == 0 ? read : 0
    }
    guard ZSTD_isError(read) == 0, read == Int(stated) else { throw CompressionError("damaged zstd frame") }
    return content
}
