/// Where the bytes of an adopted object are: a file that another program wrote, and that varve neither moves nor
/// deletes.
///
/// Its object has a path in the table like any other, which names it in commits; the bytes lie here.
public struct AdoptedFile: Hashable, Sendable, Codable {
    public enum Compression: String, Sendable, Codable, CaseIterable {
        /// Lines as they are.
        case plain
        /// One or more members (RFC 1952).
        case gzip
        /// One or more frames (RFC 8878).
        case zstd
    }

    public var compression: Compression
    /// Relative to the lake's root, outside of every table's folder.
    public var key: String

    public init(key: String, compression: Compression) {
        (self.key, self.compression) = (key, compression)
    }
}

extension DataObject {
    /// Where its bytes are, relative to the lake's root: in its table's folder, or where another program left them.
    public func location(in table: some CustomStringConvertible) -> String {
        adopted?.key ?? "\(table)/\(path)"
    }
}
