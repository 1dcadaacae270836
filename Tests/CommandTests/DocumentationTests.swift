import Foundation
import Testing

@testable import varve

@Suite("documentation made from the program")
struct DocumentationTests {
    @Test(
        "is in step with the program",
        arguments: [
            (["docs", "cli"], "docs/cli.md"), (["docs", "configuration"], "docs/configuration.md"),
            (["config", "schema"], "schemas/config.v1.json"),
        ])
    func inStep(arguments: [String], path: String) async throws {
        let outcome = await runVarve(arguments)
        let file = try String(contentsOf: repositoryRoot.appending(path: path), encoding: .utf8)
        #expect(outcome.output == file, "run: varve \(arguments.joined(separator: " ")) > \(path)")
    }

    @Test("every default is a value that its key takes")
    func defaultsAreAllowed() {
        func check(_ keys: [SettingKey]) {
            for key in keys {
                if let fallback = key.fallback, key.shape.isScalar {
                    #expect(key.shape.canonical(fallback) != nil, "\(key.name)")
                }
                switch key.shape {
                case .record(let inner), .list(.record(let inner), _): check(inner)
                default: break
                }
            }
        }
        check(SettingsGrammar.root)
    }
}
