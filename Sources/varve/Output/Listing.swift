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

    func lines(as format: OutputFormat) -> [String] {
        switch format {
        case .table: tableLines
        case .json: jsonLines
        case .csv: [csvLine(columns.map(\.name))] + rows.map { csvLine($0.map(\.csvText)) }
        }
    }

    func print(as format: OutputFormat, to console: Console) throws {
        for line in lines(as: format) { try console.print(line) }
    }

    private var tableLines: [String] {
        guard !rows.isEmpty else { return [] }
        let shown = columns.indices.filter { !columns[$0].isDetail }
        let texts = [columns.map { $0.name.uppercased().replacing("_", with: " ") }] + rows.map { $0.map(\.tableText) }
        let widths = columns.indices.map { column in texts.map { $0[column].count }.max() ?? 0 }
        return texts.map { row in
            let padded = shown.map { index in
                columns[index].alignsRight
                    ? row[index].leftPadded(to: widths[index]) : row[index].rightPadded(to: widths[index])
            }
            var line = padded.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private var jsonLines: [String] {
        guard !rows.isEmpty else { return ["[]"] }
        let objects = rows.map { row in
            JSONText.object(zip(columns, row).map { .init(name: $0.name, value: $1.json) }).compact
        }
        return ["["] + objects.dropLast().map { $0 + "," } + objects.suffix(1) + ["]"]
    }
}

/// One record of RFC 4180, quoted only where it must be.
private func csvLine(_ fields: [String]) -> String {
    fields.map { field in
        let plain = !field.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        // By bytes: a quote with a combining mark behind it is another Character.
        let doubled = field.utf8.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
        return plain ? field : "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }.joined(separator: ",")
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

    fileprivate var csvText: String {
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
