import CZstd

/// Why bytes could not be compressed or decompressed.
public struct CompressionError: Error, Sendable, CustomStringConvertible {
    /// One line: what is wrong and where. Lower case, no full stop.
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// From the result of a zstd call for which `ZSTD_isError` holds.
    init(code: Int, doing what: String) {
        description = "\(what): \(String(cString: ZSTD_getErrorName(code)))"
    }
}
