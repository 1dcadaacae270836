import LakeModel

/// One value of a listing; the renderer alone decides how it looks.
enum Cell: Hashable, Sendable {
    case text(String)
    case integer(Int64)
    /// A size in bytes: human in tables, a plain number elsewhere.
    case bytes(Int64)
    case time(Timestamp)
    case boolean(Bool)
    /// Seconds, with milliseconds after the point.
    case seconds(Double)
    /// A number with a fraction, as exact as it is.
    case number(Double)
    case list([String])
    case none

    static func optional(_ text: String?) -> Cell { text.map(Cell.text) ?? .none }
    static func optional(_ time: Timestamp?) -> Cell { time.map(Cell.time) ?? .none }
    static func optional(_ integer: Int64?) -> Cell { integer.map(Cell.integer) ?? .none }
}

/// A column of a listing: its name in JSON and CSV, upper-cased in tables.
struct Column: Hashable, Sendable {
    var name: String
    var alignsRight = false
    /// Only in JSON and CSV: tables have to fit a screen.
    var isDetail = false

    static func left(_ name: String) -> Column { Column(name: name) }
    static func right(_ name: String) -> Column { Column(name: name, alignsRight: true) }
    static func detail(_ name: String) -> Column { Column(name: name, isDetail: true) }
}

/// A value that a listing shows as a row.
protocol Listable {
    static var columns: [Column] { get }
    /// As many as there are columns, in their order.
    var cells: [Cell] { get }
}
