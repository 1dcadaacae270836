import Yams

/// Reads YAML into a tree that remembers lines.
enum SettingsYAML {
    /// A configuration is small; more is a mistake, or an attack through aliases that multiply.
    static let bytesMax = 1 << 20
    private static let nodesMax = 100_000
    private static let depthMax = 32

    /// Throws a `Problem` that names the line. `file` is for that message only.
    static func read(_ text: String, file: String) throws(Problem) -> SettingTree {
        guard text.utf8.count <= bytesMax else {
            throw Problem("the configuration is larger than 1 MiB", at: file, fix: "check that it is the right file")
        }
        guard deepestBracket(in: text) <= depthMax else {
            throw Problem("brackets nest too deep", at: file, fix: "check that every [ and { is closed")
        }
        do {
            guard let node = try Yams.compose(yaml: text) else { return .record([], .file(line: 1)) }
            var budget = nodesMax
            return try convert(node, depth: 0, budget: &budget, file: file)
        } catch {
            throw problem(error, file: file)
        }
    }

    private static func convert(_ node: Node, depth: Int, budget: inout Int, file: String) throws -> SettingTree {
        let origin = SettingOrigin.file(line: node.mark?.line ?? 0)
        budget -= 1
        guard budget > 0, depth <= depthMax else {
            throw Problem("the configuration is too large or too deep", at: file, fix: "write it without aliases")
        }
        switch node {
        case .scalar(let scalar):
            if node.null != nil, scalar.style == .plain || scalar.style == .any { return .empty(origin) }
            return .scalar(SettingScalar(scalar.string, origin: origin))
        case .sequence(let sequence):
            var elements: [SettingTree] = []
            for element in sequence {
                elements.append(try convert(element, depth: depth + 1, budget: &budget, file: file))
            }
            return .list(elements, origin)
        case .mapping(let mapping):
            var entries: [SettingTree.Entry] = []
            for (key, value) in mapping {
                let line = key.mark?.line ?? 0
                guard case .scalar(let name) = key else {
                    throw Problem("a key is not a name", at: "\(file):\(line)", fix: "write 'name: value'")
                }
                let value = try convert(value, depth: depth + 1, budget: &budget, file: file)
                entries.append(.init(name: name.string, origin: .file(line: line), value: value))
            }
            return .record(entries, origin)
        case .alias:
            throw Problem("an alias cannot be followed", at: file, fix: "write the value itself")
        }
    }

    /// The parser recurses with nesting, so its depth is bounded before it runs.
    private static func deepestBracket(in text: String) -> Int {
        var depth = 0
        var deepest = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: break
            }
            deepest = max(deepest, depth)
        }
        return deepest
    }

    private static func problem(_ error: any Error, file: String) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as YamlError:
            switch error {
            case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _),
                .composer(_, let what, let mark, _):
                return Problem(
                    "not valid YAML: \(what)", at: "\(file):\(mark.line)", fix: "check indentation, quotes and colons")
            case .duplicatedKeysInMapping(let names, let context):
                let name = names.map { "\($0)" }.first ?? ""
                return Problem(
                    "the key \(name) is there twice", at: "\(file):\(context.mark.line)", fix: "keep one of them")
            default:
                return Problem("not valid YAML", at: file, fix: "check that it is UTF-8 text")
            }
        default:
            return Problem("not valid YAML", at: file, fix: "check that it is UTF-8 text")
        }
    }
}
