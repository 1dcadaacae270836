/// Why a store did not do what it was asked; the kinds are those to which a caller reacts differently.
public struct StoreError: Error, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// No such key, upload or bucket.
        case notFound = "not_found"
        /// A put condition did not hold.
        case conflict
        /// Credentials refused or missing (401, 403, EACCES): no retry helps; pause and say so.
        case denied
        /// The object's storage class has to be restored before anyone can read it.
        case archived
        /// Asked to slow down, after all retries.
        case throttled
        /// Network, time-out, 5xx, no space: may pass; retried already where that is safe.
        case unavailable
        /// Bytes that do not match their checksum, length or format.
        case corrupt
        /// The request itself is wrong, or the store cannot do it.
        case invalid
    }

    public var kind: Kind
    /// The operation in the store's words: `PutObject`, `rename`.
    public var operation: String
    public var key: String?
    /// One line for a person: what happened and what to do. Lower case, no full stop, no secret.
    public var message: String
    /// True where the request may have taken effect although it failed.
    public var mayHaveHappened: Bool

    public init(_ kind: Kind, operation: String, key: String? = nil, message: String, mayHaveHappened: Bool = false) {
        (self.kind, self.operation, self.key) = (kind, operation, key)
        (self.message, self.mayHaveHappened) = (message, mayHaveHappened)
    }
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        let target = key.map { " \($0)" } ?? ""
        return "\(operation)\(target): \(message)"
    }
}
