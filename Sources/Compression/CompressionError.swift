/// Why bytes could not be compressed or decompressed.
public enum CompressionError: Error, Equatable, Sendable {
    /// libzstd has no such compression level.
    case level(Int32)
    case outOfMemory
    /// The frame that starts at `byte` of the input is damaged, or is no zstd frame at all.
    case corrupt(byte: Int64, reason: String)
    /// The input ends inside the frame that starts at `byte`.
    case truncated(byte: Int64)
    /// The frame at `byte` asks for a larger window than `windowLogMax` allows.
    case windowTooLarge(byte: Int64, windowLogMax: Int32)
    /// The frame at `byte` would take the output over the limit that the caller set.
    case outputTooLarge(byte: Int64, bytesMax: Int64)
    /// The frame at `byte` expands more than any real data would.
    case ratioTooHigh(byte: Int64, ratioMax: Int64)
    /// The gzip member that starts at `byte` of the input is damaged, or is none at all.
    case gzip(byte: Int64, reason: String)
    /// There are more bytes than the caller allowed.
    case tooManyBytes(bytesMax: Int64)
    /// A seek table that is not what the zstd seekable format says.
    case seekTable(reason: String)
    /// The codec has no such compression level.
    case blockLevel(Int32, BlockCodec)
    /// A block that does not hold what it should.
    case block(BlockCodec, String)
    /// libzstd refused something that this program should never ask of it.
    case library(String)
}

extension CompressionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .level(let level):
            "zstd has no compression level \(level); use -7 to 22"
        case .outOfMemory:
            "not enough memory for zstd"
        case .corrupt(let byte, let reason):
            "the zstd frame at byte \(byte) is damaged: \(reason)"
        case .truncated(let byte):
            "the data ends inside the zstd frame that starts at byte \(byte)"
        case .windowTooLarge(let byte, let windowLogMax):
            "the zstd frame at byte \(byte) needs a window over \(1 << windowLogMax) bytes; it was not written by varve"
        case .outputTooLarge(let byte, let bytesMax):
            "the zstd frame at byte \(byte) takes the output over the limit of \(bytesMax) bytes"
        case .ratioTooHigh(let byte, let ratioMax):
            "the zstd frame at byte \(byte) expands more than \(ratioMax) times, which real data does not"
        case .gzip(let byte, let reason):
            "the gzip member at byte \(byte) is damaged: \(reason)"
        case .tooManyBytes(let bytesMax):
            "it holds more than \(bytesMax) bytes"
        case .seekTable(let reason):
            "the zstd seek table is damaged: \(reason)"
        case .blockLevel(let level, let codec):
            "\(codec) has no compression level \(level); use 1 to 9"
        case .block(let codec, let reason):
            "the \(codec) block is damaged: \(reason)"
        case .library(let message):
            "compression failed: \(message)"
        }
    }
}
