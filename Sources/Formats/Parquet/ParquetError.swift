/// Why a Parquet file could not be read or written: what kind of trouble, where in the file, and what it is.
public struct ParquetError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The bytes are not what the format says.
        case damaged
        /// The file uses what this reader does not know, such as encryption or LZO.
        case unsupported
        /// A size in the file, or a row given to the writer, is over a limit that the caller set.
        case limit
        /// The byte source failed.
        case source
        /// The caller asked for what cannot be, such as a column that the schema does not have.
        case misuse
    }

    public var kind: Kind
    /// Such as `footer`, or `row group 2, column a.b, page 7`; empty where there is none.
    public var place: String
    public var reason: String

    public init(_ kind: Kind, _ place: String = "", _ reason: String) {
        (self.kind, self.place, self.reason) = (kind, place, reason)
    }

    public var description: String {
        let subject =
            switch kind {
            case .damaged: "the parquet file is damaged"
            case .unsupported: "the parquet file cannot be read here"
            case .limit: "the parquet file is over a limit"
            case .source: "the parquet file cannot be reached"
            case .misuse: "the parquet file cannot be written or read so"
            }
        return place.isEmpty ? "\(subject): \(reason)" : "\(subject): \(place): \(reason)"
    }

    /// The same error, with a place where it has none yet.
    func at(_ place: @autoclosure () -> String) -> ParquetError {
        self.place.isEmpty ? ParquetError(kind, place(), reason) : self
    }

    static func damaged(_ reason: String) -> ParquetError { ParquetError(.damaged, "", reason) }
}
