import Yams

/// Checked settings with what is needed to explain and print them.
struct LoadedSettings: Sendable {
    var settings: Settings
    /// The same as a tree, with origins and secrets.
    var tree: SettingTree
    /// The file's name, or what stands for it in messages.
    var file: String

    /// Every secret in the settings, for `SecretMask`.
    var secrets: [String] { tree.secrets }
}

/// Where settings come from: a file, the environment, options. Later ones win in that order.
struct SettingsSource: Sendable {
    /// The YAML text and the file's name for messages; nil without a file.
    var yaml: (text: String, file: String)?
    var environment: [String: String] = [:]
    /// Paths set on the command line, with the option's name.
    var options: [(path: [SettingStep], text: String, option: String)] = []
    var readFile: @Sendable (String) -> String? = { _ in nil }
    /// Whether every user of the machine can read the file.
    var isReadableByAll = false
    /// Gets a line of advice.
    var warn: @Sendable (String) -> Void = { _ in }

    /// Throws every problem at once. `need` says how much has to be there.
    func load(for need: SettingsNeed) throws(CommandFailure) -> LoadedSettings {
        let file = yaml?.file ?? "command line"
        var tree = SettingTree.record([], .file(line: 1))
        if let yaml {
            do {
                tree = try SettingsYAML.read(yaml.text, file: yaml.file)
            } catch {
                throw CommandFailure(.configuration, [error])
            }
        } else {
            tree = .record([], .fallback)
        }
        var problems = applyOverrides(to: &tree)
        var checker = SettingsChecker(
            file: file, interpolation: SettingsInterpolation(environment: environment, readFile: readFile))
        tree = checker.check(tree).withTopicsNamed
        problems += checker.problems
        guard problems.isEmpty else { throw CommandFailure(settingProblems: problems) }

        var settings = try decode(tree)
        if let yaml { settings.resolvePaths(tree, from: Settings.folder(ofFile: yaml.file)) }
        problems = SettingsCrossCheck(settings: settings, tree: tree, checker: checker).problems(for: need)
        guard problems.isEmpty else { throw CommandFailure(settingProblems: problems) }
        if isReadableByAll, tree.hasSecretInFile {
            warn("varve: warning: secrets in a file that everyone can read: \(file.onOneLine): chmod 600, or ${file:…}")
        }
        return LoadedSettings(settings: settings, tree: tree, file: file)
    }

    private func applyOverrides(to tree: inout SettingTree) -> [Problem] {
        var problems: [Problem] = []
        let (known, unknown) = SettingsEnvironment.overrides(in: environment)
        for name in unknown {
            problems.append(
                Problem(
                    "unknown setting", at: "environment \(name)", fix: "see 'varve config print' for what there is"))
        }
        for override in known where !tree.set(override.path[...], to: override.value) {
            let fix = "number list items from 0, without gaps"
            problems.append(Problem("no place for this value", at: "environment \(override.name)", fix: fix))
        }
        for (path, text, option) in options {
            let value = SettingTree.scalar(SettingScalar(text, origin: .option(option)))
            if !tree.set(path[...], to: value) {
                problems.append(Problem("no place for this value", at: "option \(option)", fix: "leave it out"))
            }
        }
        return problems
    }

    private func decode(_ tree: SettingTree) throws(CommandFailure) -> Settings {
        do {
            return try YAMLDecoder().decode(Settings.self, from: tree.decodable)
        } catch {
            // The grammar accepted what the types refuse: a fault of this program, named without the values.
            throw CommandFailure(
                .software, "the settings do not fit their types", at: (error as? DecodingError)?.path ?? "",
                fix: "report this")
        }
    }
}

/// How much of a configuration a command needs.
enum SettingsNeed: Sendable {
    /// A lake to read.
    case lake
    /// Brokers and tables too.
    case ingest
}

extension DecodingError {
    /// Where it happened; the values stay out, they can be secret.
    fileprivate var path: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.map(\.stringValue).joined(separator: ".")
        case .keyNotFound(let key, let context):
            (context.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")
        @unknown default: ""
        }
    }
}

extension SettingTree {
    /// The canonical values as YAML nodes, for the decoder.
    fileprivate var decodable: Node {
        switch self {
        case .scalar(let scalar):
            // Strings that YAML would read as null are tagged, so that they stay strings.
            Node(
                scalar.canonical, Tag(["null", "Null", "NULL", "~", ""].contains(scalar.canonical) ? .str : .implicit))
        case .list(let elements, _): Node(elements.map(\.decodable), Tag(.seq))
        case .record(let entries, _): Node(entries.map { (Node($0.name), $0.value.decodable) }, Tag(.map))
        case .empty: Node("null", Tag(.null))
        }
    }

    /// Tables without topics take the topic of their own name.
    fileprivate var withTopicsNamed: SettingTree {
        guard case .list(let tables, _) = self["tables"] else { return self }
        var tree = self
        for (index, table) in tables.enumerated() where table["topics"] == nil {
            guard case .scalar(var name) = table["name"] else { continue }
            name.origin = .fallback
            let path: [SettingStep] = [.key("tables"), .index(index), .key("topics")]
            _ = tree.set(path[...], to: .list([.scalar(name)], .fallback))
        }
        return tree
    }

    /// Whether a secret stands in the file itself, and not only the name of its place.
    fileprivate var hasSecretInFile: Bool {
        switch self {
        case .scalar(let scalar):
            switch scalar.origin {
            case .file: scalar.isSecret && !scalar.isFilledIn && !scalar.text.isEmpty
            default: false
            }
        case .list(let elements, _): elements.contains(where: \.hasSecretInFile)
        case .record(let entries, _): entries.contains(where: \.value.hasSecretInFile)
        case .empty: false
        }
    }

    var secrets: [String] {
        switch self {
        case .scalar(let scalar): scalar.isSecret && !scalar.text.isEmpty ? [scalar.text] : []
        case .list(let elements, _): elements.flatMap(\.secrets)
        case .record(let entries, _): entries.flatMap(\.value.secrets)
        case .empty: []
        }
    }

    /// The value at a path, if there is one.
    func value(at path: some Collection<SettingStep>) -> SettingTree? {
        guard let step = path.first else { return self }
        switch (step, self) {
        case (.key(let name), .record(let entries, _)):
            return entries.first { $0.name == name }?.value.value(at: path.dropFirst())
        case (.index(let index), .list(let elements, _)):
            return elements.indices.contains(index) ? elements[index].value(at: path.dropFirst()) : nil
        default:
            return nil
        }
    }
}

extension CommandFailure {
    /// Each value is complained of once; where all of them were options, the command line is wrong.
    fileprivate init(settingProblems problems: [Problem]) {
        var seen: Set<[String]> = []
        let each = problems.filter { seen.insert([$0.what, $0.location]).inserted }
        self.init(each.allSatisfy { $0.location.hasPrefix("option ") } ? .usage : .configuration, each)
    }
}
