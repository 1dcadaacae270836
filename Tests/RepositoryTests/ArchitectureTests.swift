import Foundation
import Testing

@Suite("The architecture holds", .enabled(if: Repository.hasGit, "no .git here: a source archive is not checked"))
struct ArchitectureTests {
    private static let sources = Repository.masks.filter { $0.path.hasPrefix("Sources/") }

    private static func target(of path: String) -> String {
        String(path.split(separator: "/")[1])
    }

    @Test("modules import only where the arrows point")
    func imports() {
        let offences = Self.sources.flatMap { path, mask in
            mask.lines.enumerated().compactMap { number, line -> String? in
                guard let module = Arrows.importedModule(line) else { return nil }
                let target = Self.target(of: path)
                guard !Arrows.mayImport(module, in: target) else { return nil }
                return "\(path):\(number + 1): \(target) must not import \(module)"
            }
        }
        expectNone(offences)
    }

    @Test("each C library has one door: a single library module imports it")
    func doors() {
        var importers: [String: Set<String>] = [:]
        for (path, mask) in Self.sources where !path.hasPrefix("Sources/varve-bench/") {
            for module in mask.lines.compactMap(Arrows.importedModule)
            where module.first == "C" && module.dropFirst().first?.isUppercase == true && module != "CoreMetrics" {
                importers[module, default: []].insert(Self.target(of: path))
            }
        }
        expectNone(importers.filter { $0.value.count > 1 }.map { "\($0.key) is imported by \($0.value.sorted())" })
    }

    @Test("every folder of Sources and Tests belongs to a target")
    func targets() {
        let manifest = Repository.text("Package.swift")
        let swift = Repository.files(endingWith: [".swift", ".cpp", ".h", ".modulemap"])
            .filter { $0.hasPrefix("Sources/") || $0.hasPrefix("Tests/") }
        let folders = Set(swift.map(Self.target(of:)))
        let homeless = folders.filter { !manifest.contains("\"\($0)\"") && !manifest.contains("/\($0)\"") }
        expectNone(homeless.map { "\($0) is in no target of Package.swift" })
        let unknown = Set(Self.sources.map { Self.target(of: $0.path) }).subtracting(Arrows.toModules.keys)
        expectNone(unknown.filter { !$0.hasPrefix("C") }.map { "\($0) has no arrows in Arrows.swift" })
    }

    @Test("scripts can be run: a first line that names the interpreter, and the mode to go with it")
    func scripts() {
        let modes = Repository.run("git", ["ls-files", "-s"]).split(separator: "\n")
        let offences = modes.compactMap { entry -> String? in
            let path = String(entry.split(separator: "\t").last ?? "")
            let hasInterpreter = Repository.text(path).hasPrefix("#!")
            let executable = entry.hasPrefix("100755")
            return hasInterpreter == executable ? nil : "\(path): mode and first line disagree"
        }
        expectNone(offences)
    }

    @Test("every mutation still applies to the code that it breaks")
    func mutations() {
        let patches = Repository.files(endingWith: [".patch"]).filter { $0.contains("/Mutations/") }
        #expect(!patches.isEmpty)
        // `git apply` says why on standard error, and `--numstat --check` nothing where a patch does not fit.
        expectNone(patches.filter { Repository.run("git", ["apply", "--check", "--numstat", $0]).isEmpty })
    }
}
