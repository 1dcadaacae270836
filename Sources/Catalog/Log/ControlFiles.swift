import LakeModel

/// `_varve/latest.json`: where readers may start. A hint and nothing more: stale, missing or unreadable, it costs
/// requests and never truth. Schema: `schemas/latest.v1.json`.
struct LatestHint: Hashable, Sendable, Codable {
    static let currentFormat = 1

    var format = Self.currentFormat
    /// The version of a checkpoint that was complete when this was written.
    var checkpoint: Int64
}

/// `_varve/boundary.json`: log entries up to `version` may be gone, and one found there proves nothing. It only ever
/// moves up. Schema: `schemas/boundary.v1.json`.
public struct Boundary: Hashable, Sendable, Codable {
    static let currentFormat = 1

    var format = Self.currentFormat
    public var version: Int64
    /// A complete checkpoint at `version` or above, so that readers with a stale hint find one.
    public var checkpoint: Int64

    /// Before any collection.
    public static let none = Boundary(version: 0, checkpoint: 0)

    init(version: Int64, checkpoint: Int64) {
        (self.version, self.checkpoint) = (version, checkpoint)
    }
}
