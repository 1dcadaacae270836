/// Writes a listing as its rows come, so that one of millions takes no memory.
///
/// The columns of a table are as wide as its first rows need; a longer cell further down pushes the rest of its line.
struct ListingWriter {
    private let columns: [Column]
    private let format: OutputFormat
    private let print: (String) throws -> Void
    /// Rows by which a table's columns are measured.
    private let measuredRowsMax: Int
    /// Of a table, until its columns are measured.
    private var waiting: [[String]] = []
    private var widths: [Int]?
    /// Of JSON, the last row: only the next one tells whether a comma follows.
    private var held: String?
    private var hasBegun = false

    init(
        _ columns: [Column], as format: OutputFormat, measuredRowsMax: Int = 1000,
        print: @escaping (String) throws -> Void
    ) {
        (self.columns, self.format, self.measuredRowsMax, self.print) = (columns, format, measuredRowsMax, print)
    }

    init<Row: Listable>(of _: Row.Type, as format: OutputFormat, to console: Console) {
        self.init(Row.columns, as: format) { try console.print($0) }
    }

    mutating func write(_ row: some Listable) throws { try write(row.cells) }

    mutating func write(_ row: [Cell]) throws {
        try begin()
        switch format {
        case .table:
            let texts = row.map(\.tableText)
            guard let widths else {
                waiting.append(texts)
                if waiting.count >= measuredRowsMax { try measure() }
                return
            }
            try print(line(texts, widths))
        case .json:
            if let held { try print(held + ",") }
            held = JSONText.object(zip(columns, row).map { .init(name: $0.name, value: $1.json) }).compact
        case .csv:
            try print(csvLine(row.map(\.csvText)))
        }
    }

    /// Writes what is left; nothing comes after it.
    mutating func finish() throws {
        let isEmpty = !hasBegun
        switch format {
        case .table:
            if widths == nil, !waiting.isEmpty { try measure() }
        case .json:
            if isEmpty { return try print("[]") }
            if let held { try print(held) }
            held = nil
            try print("]")
        case .csv:
            try begin()
        }
    }

    private mutating func begin() throws {
        guard !hasBegun else { return }
        hasBegun = true
        switch format {
        case .table: break
        case .json: try print("[")
        case .csv: try print(csvLine(columns.map(\.name)))
        }
    }

    private mutating func measure() throws {
        let texts = [columns.map { $0.name.uppercased().replacing("_", with: " ") }] + waiting
        let widths = columns.indices.map { column in texts.map { $0[column].count }.max() ?? 0 }
        (self.widths, waiting) = (widths, [])
        for row in texts { try print(line(row, widths)) }
    }

    private func line(_ texts: [String], _ widths: [Int]) -> String {
        let shown = columns.indices.filter { !columns[$0].isDetail }
        let padded = shown.map { index in
            columns[index].alignsRight
                ? texts[index].leftPadded(to: widths[index]) : texts[index].rightPadded(to: widths[index])
        }
        var line = padded.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
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
