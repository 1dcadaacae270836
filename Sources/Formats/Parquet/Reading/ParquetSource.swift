/// Bytes that can be read at any place: a file, an object in a store, memory.
public protocol ParquetSource {
    /// Of the whole file.
    var bytes: Int64 { get }

    /// Reads exactly `range`, which lies inside the file; a failure has the kind `.source`.
    func read(_ range: Range<Int64>) throws(ParquetError) -> [UInt8]
}

/// A file that is in memory whole.
public struct ParquetMemorySource: ParquetSource {
    private let content: [UInt8]

    public init(_ content: [UInt8]) {
        self.content = content
    }

    public var bytes: Int64 { Int64(content.count) }

    public func read(_ range: Range<Int64>) throws(ParquetError) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= bytes else {
            throw ParquetError(.source, "", "bytes \(range) of a file of \(bytes)")
        }
        return Array(content[Int(range.lowerBound)..<Int(range.upperBound)])
    }
}

/// What a reader allows a file to ask for.
public struct ParquetReaderSettings: Sendable {
    /// Of the footer, and of any one index.
    public var footerBytesMax = 128 << 20
    /// Of a page before and after decompression.
    public var pageBytesMax = 256 << 20
    /// Bytes that the values of one row take as a tree, near enough.
    public var rowBytesMax = 256 << 20
    /// Whether a page whose checksum is wrong is refused.
    public var verifiesChecksums = true

    public init() {}
}
