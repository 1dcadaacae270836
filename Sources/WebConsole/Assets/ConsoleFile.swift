import LakeModel
import ObjectStorage
import Operations

/// One of the console's files, in the program itself: nothing is read from disk or fetched from elsewhere.
struct ConsoleFile: Sendable {
    var path: String
    var contentType: String
    var text: String
    let entityTag: String

    init(_ path: String, _ contentType: String, _ text: String) {
        (self.path, self.contentType, self.text) = (path, contentType, text)
        entityTag = "\"" + SHA256.hash(Array(text.utf8)).prefix(8).map { hex(UInt64($0)).suffix(2) }.joined() + "\""
    }

    private static let script = "text/javascript; charset=utf-8"

    static let all: [ConsoleFile] = [
        ConsoleFile("/", "text/html; charset=utf-8", ConsoleAssets.page),
        ConsoleFile(
            "/assets/console.css", "text/css; charset=utf-8", ConsoleAssets.baseStyle + ConsoleAssets.partStyle),
        ConsoleFile("/assets/mark.svg", "image/svg+xml", ConsoleAssets.mark),
        ConsoleFile("/assets/app.js", script, ConsoleAssets.app),
        ConsoleFile("/assets/base.js", script, ConsoleAssets.base),
        ConsoleFile("/assets/charts.js", script, ConsoleAssets.charts),
        ConsoleFile("/assets/heatmap.js", script, ConsoleAssets.heatmap),
        ConsoleFile("/assets/overview.js", script, ConsoleAssets.overview),
        ConsoleFile("/assets/table.js", script, ConsoleAssets.table),
        ConsoleFile("/assets/panels.js", script, ConsoleAssets.panels),
    ]

    private static let byPath = Dictionary(all.map { ($0.path, $0) }) { first, _ in first }

    static func named(_ path: String) -> ConsoleFile? { byPath[path] }

    func answer(_ request: WebRequest) -> WebAnswer {
        let headers = [("ETag", entityTag), ("Cache-Control", "no-cache")] + ConsoleHeaders.all
        let isKnown = request.headers["if-none-match"]?.split(separator: ",").contains {
            $0.drop { $0 == " " }.prefix { $0 != " " } == entityTag
        }
        if isKnown == true { return WebAnswer(304, contentType, headers: headers.map { ($0.0, $0.1) }) }
        return WebAnswer(200, contentType, headers: headers.map { ($0.0, $0.1) }, body: Array(text.utf8))
    }
}

/// The files' texts, one file of Swift for each.
enum ConsoleAssets {}
