import ArgumentParser
import Catalog
import LakeModel

struct ManifestSQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Answers a question in SQL about a table's objects, offsets and commits.",
        discussion: "The statement can only read. Its tables are filled in memory and thrown away; --hour, --from and "
            + "the like say which objects come into them, which a very large table needs:\n\n" + tables
            + "\n\n" + ExitStatus.readerHelp())

    @OptionGroup var lake: LakeOptions
    @OptionGroup var filter: ObjectFilter
    @OptionGroup var format: OutputOptions

    @Argument(help: "The table.")
    var table: TableAddress

    @Argument(help: "One SELECT in SQLite's dialect, such as 'select date, sum(records) from objects group by 1'.")
    var statement: String

    @Option(parsing: .unconditional, help: ArgumentHelp("As of a version or a time.", valueName: "version|time"))
    var at: HistoryArgument?

    func validate() throws {
        try table.checkIsWhole()
        guard filter.topic == nil || filter.partition != nil else {
            throw ValidationError("--topic needs --partition here; or select by topic in object_offsets")
        }
    }

    func run() async throws {
        let session = try await lake.open()
        let table = try await session.table(table)
        let layout = await table.head().layout
        let objects = filter.query(sides: Set(TableSide.allCases), of: layout, now: session.now)
        let point = at.map { $0.point(now: session.now) } ?? .newest
        let result = try await Self.naming { try await table.sql(statement, at: point, over: objects) }
        let names = Self.apart(result.columns)
        let columns = names.indices.map { index in
            Column(name: names[index], alignsRight: result.rows.allSatisfy { $0[index].isNumber })
        }
        let listing = Listing(columns: columns, rows: result.rows.map { $0.map(Cell.init) })
        try listing.print(as: format.output, to: session.console)
        if result.isTruncated { session.console.say("only the first \(result.rows.count) rows are shown: add a LIMIT") }
    }

    /// Two columns of one name would be one in JSON: `path`, `path_2`.
    static func apart(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var free = name
            var number = 2
            while free != name && names.contains(free) || !taken.insert(free).inserted {
                free = "\(name)_\(number)"
                number += 1
            }
            return free
        }
    }

    /// Says what there is, where a statement asks for what there is not.
    private static func naming(_ body: () async throws -> SQLResult) async throws -> SQLResult {
        do {
            return try await body()
        } catch {
            guard case CatalogError.invalid(let reason) = error, reason.contains("no such") else { throw error }
            let names = SQLTable.all.map(\.name).joined(separator: ", ")
            throw CommandFailure(
                CommandFailure(error).status, reason, at: "",
                fix: "the tables are \(names); 'varve help manifest sql' lists their columns")
        }
    }

    private static var tables: String {
        SQLTable.all.map { table in
            "  \(table.name): \(table.meaning)\n      \(table.columns.map(\.name).joined(separator: ", "))"
        }.joined(separator: "\n")
    }
}

extension SQLValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .real, .null: true
        case .text, .blob: false
        }
    }
}

extension Cell {
    fileprivate init(_ value: SQLValue) {
        self =
            switch value {
            case .null: .none
            case .integer(let value): .integer(value)
            case .real(let value): .number(value)
            case .text(let text): .text(text)
            case .blob(let bytes): .text(bytes.map { String($0, radix: 16).zeroPadded(to: 2) }.joined())
            }
    }
}
