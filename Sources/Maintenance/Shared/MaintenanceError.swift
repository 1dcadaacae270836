/// Why maintenance stopped, where neither the catalog nor the store is the reason.
public enum MaintenanceError: Error, Sendable {
    /// The store's clock and this machine's are too far apart to delete anything by age.
    case clocksDiffer(milliseconds: Int64)
    /// What was written is not what was read: nothing was committed.
    case unbalanced(String)
    /// The object's format cannot do what was asked.
    case unsupported(String)
    /// The request itself is wrong.
    case invalid(String)
}

extension MaintenanceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .clocksDiffer(let milliseconds):
            "the store's clock and this machine's differ by \(milliseconds / 1000) s; set the clocks right first"
        case .unbalanced(let reason):
            "what was written is not what was read, so nothing was committed: \(reason)"
        case .unsupported(let what), .invalid(let what): what
        }
    }
}
