import LakeModel

/// How listings are written to standard output.
enum OutputFormat: String, Sendable, CaseIterable {
    /// For people: aligned, human sizes.
    case table
    /// An array of objects, one on each line.
    case json
    /// RFC 4180 with a header line.
    case csv
}

/// Columns and rows, rendered in one place for every command: a new format or kind of cell does not compile until
/// it is done here.
struct Listing: Sendable {
    var columns: [Column]
    var rows: [[Cell]]

    init(columns: [Column], rows: [[Cell]]) {
        (self.columns, self.rows) = (columns, rows)
    }

    init<Row: Listable>(_ rows: [Row]) {
        self.init(columns: Row.columns, rows: rows.map(\.cells))
    }

    func print(as format: OutputFormat, to console: Console) throws {
        try write(as: format) { try console.print($0) }
    }

    func write(as format: OutputFormat, print: @escaping (String) throws -> Void) throws {
        var writer = ListingWriter(columns, as: format, measuredRowsMax: .max, print: print)
        for row in rows { try writer.write(row) }
        try writer.finish()
    }
}

extension Cell {
    var tableText: String {
        switch self {
        case .text(let text): text.isEmpty ? "-" : text.onOneLine
        case .integer(let value): String(value)
        case .bytes(let count): humanBytes(count)
        case .time(let time): time.description
        case .boolean(let value): value ? "yes" : "no"
        case .seconds(let seconds): decimal(seconds, places: 1) + "s"
        case .number(let value): "\(value)"
        case .list(let items): items.isEmpty ? "-" : items.joined(separator: " ").onOneLine
        case .none: "-"
        }
    }

    var csvText: String {
        switch self {
        case .text(let text): text
        case .integer(let value), .bytes(let value): String(value)
        case .time(let time): time.description
        case .boolean(let value): String(value)
        case .seconds(let seconds): decimal(seconds, places: 3)
        case .number(let value): "\(value)"
        case .list(let items): items.joined(separator: " ")
        case .none: ""
        }
    }

    var json: JSONText {
        switch self {
        case .text(let text): .string(text)
        case .integer(let value), .bytes(let value): .integer(value)
        case .time(let time): .string(time.description)
        case .boolean(let value): .boolean(value)
        case .seconds(let seconds): .number(decimal(seconds, places: 3))
        // JSON has no infinities (RFC 8259 section 6).
        case .number(let value): value.isFinite ? .number("\(value)") : .null
        case .list(let items): .array(items.map(JSONText.string))
        case .none: .null
        }
    }
}
