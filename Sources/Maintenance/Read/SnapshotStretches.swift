public import Catalog
public import LakeModel

extension Snapshot {
    /// Hands out the objects that match in order of partition and path, a few manifests at a time, until `body` says
    /// that it has enough; memory stays that of a stretch.
    public func forEachStretch(_ query: ObjectQuery, _ body: ([DataObject]) throws -> Bool) async throws {
        for window in VerifyWindows.plan(manifests) {
            var part = query
            part.hours = window
            if let hours = query.hours {
                guard hours.overlaps(window) else { continue }
                part.hours = hours.clamped(to: window)
            }
            guard try body(try await objects(part)) else { return }
        }
    }
}
