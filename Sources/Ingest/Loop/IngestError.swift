public import Catalog
public import ObjectStorage

/// Why the loop cannot go on, as the parts say it.
enum IngestFailure: Error {
    case source(SourceError)
    case store(StoreError)
    case catalog(CatalogError, table: String)
    case compression(String)
    /// The broker lost events that the catalog continues at.
    case gap(String)
}

/// The writer stopped. What is committed stays; the rest will be read again.
public struct IngestError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The source or the network.
        case source
        case store(StoreError.Kind)
        case catalog(CatalogError)
        /// Offsets in the catalog and at the broker do not fit: events may be lost, a person has to decide.
        case offsets
        case software
    }

    public let kind: Kind
    /// One line: what, where, what to do.
    public let description: String

    init(_ failure: IngestFailure, at trouble: StoreError?) {
        switch failure {
        case .source(let error): (kind, description) = (.source, error.description)
        case .store(let error): (kind, description) = (.store(error.kind), error.description)
        case .catalog(let error, let table): (kind, description) = (.catalog(error), "table \(table): \(error)")
        case .compression(let text): (kind, description) = (.software, "compression: \(text)")
        case .gap(let text): (kind, description) = (.offsets, text)
        }
    }
}
