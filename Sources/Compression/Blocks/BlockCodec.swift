/// How a block of known uncompressed size is compressed, as Parquet pages are (parquet-format, Compression.md).
public enum BlockCodec: Hashable, Sendable, CaseIterable {
    case uncompressed
    case snappy
    case gzip
    case zstd
    /// LZ4's block format without any frame.
    case lz4Raw
    /// LZ4 blocks in Hadoop's own framing, or without it where an old writer left it out; only decompressed.
    case lz4Hadoop
    /// Only decompressed.
    case brotli
}
