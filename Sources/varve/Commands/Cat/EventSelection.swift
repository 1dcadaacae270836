import Catalog
import Formats
import LakeModel

/// Which events `varve cat` prints, and how.
struct EventSelection: Sendable {
    var filter: ObjectFilter
    var key: String?
    var raw: Bool
    var layout: TableLayout?
    var now: Timestamp

    /// True where lines have to be looked into.
    var needsEnvelope: Bool { filter.topic != nil || filter.offsets != nil || key != nil }
    var needsTime: Bool { filter.from != nil || filter.to != nil }

    /// Throws where the object's format cannot answer what is asked.
    func check(_ object: DataObject, table: TableAddress) throws(CommandFailure) {
        switch object.format {
        case .envelope: return
        case .value:
            guard needsEnvelope else { return }
            throw CommandFailure(
                .usage, "value lines carry no topic, offset or key", at: "table \(table)",
                fix: "leave --topic, --offsets and --key out, or use the format envelope")
        case .parquet:
            throw CommandFailure(
                .usage, "Parquet cannot be printed as lines", at: "table \(table)", fix: "read it with a query engine")
        }
    }

    func picker(for object: DataObject) -> EventPicker {
        EventPicker(selection: self, object: object)
    }
}
