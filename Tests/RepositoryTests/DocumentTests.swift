import Foundation
import Testing

@Suite("Documents hold together", .enabled(if: Repository.hasGit, "no .git here: a source archive is not checked"))
struct DocumentTests {
    @Test("links between documents lead somewhere")
    func links() {
        let offences = Repository.files(endingWith: [".md"]).flatMap { path in
            MarkdownLinks.all(in: Repository.text(path)).compactMap { link -> String? in
                broken(link, in: path).map { "\(path): \(link): \($0)" }
            }
        }
        expectNone(offences)
    }

    @Test("every JSON file can be parsed")
    func json() {
        let offences = Repository.files(endingWith: [".json"]).filter { !$0.contains("/invalid/") }.filter { path in
            let data = Data(Repository.text(path).utf8)
            return (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)) == nil
        }
        expectNone(offences.map { "\($0): not JSON" })
    }

    @Test("every schema says which JSON Schema it is, what it describes, and its version in its name")
    func schemas() {
        let schemas = Repository.files(endingWith: [".json"]).filter {
            $0.hasPrefix("schemas/") && $0.split(separator: "/").count == 2
        }
        let offences = schemas.flatMap { path -> [String] in
            let data = Data(Repository.text(path).utf8)
            let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
            var missing = ["$schema", "title"].filter { object[$0] == nil }.map { "\(path): no \($0)" }
            if path.firstMatch(of: /\.v[0-9]+\.json$/) == nil { missing.append("\(path): no version in its name") }
            return missing
        }
        expectNone(offences)
    }

    private func broken(_ link: String, in path: String) -> String? {
        guard !link.contains("://"), !link.hasPrefix("mailto:") else { return nil }
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let base = Repository.root.appending(path: path)
        let target = parts[0].isEmpty ? base : base.deletingLastPathComponent().appending(path: parts[0])
        guard FileManager.default.fileExists(atPath: target.standardized.path) else { return "no such file" }
        guard parts.count == 2, target.pathExtension == "md" else { return nil }
        let text = (try? String(contentsOf: target, encoding: .utf8)) ?? ""
        return MarkdownLinks.anchors(in: text).contains(parts[1]) ? nil : "no such heading"
    }
}
