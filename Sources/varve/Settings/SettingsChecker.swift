/// Checks a tree against the grammar: unknown keys, wrong types, values out of range, missing keys. The answer has
/// every default filled in.
struct SettingsChecker {
    /// The file's name, for messages.
    var file: String
    var interpolation: SettingsInterpolation
    private(set) var problems: [Problem] = []

    init(file: String, interpolation: SettingsInterpolation) {
        (self.file, self.interpolation) = (file, interpolation)
    }

    mutating func check(_ tree: SettingTree) -> SettingTree {
        check(tree, against: .record(SettingsGrammar.root), path: [], isSecret: false)
    }

    /// Where a value stands, as a message says it.
    func location(_ path: some Sequence<SettingStep>, _ origin: SettingOrigin) -> String {
        let path = pathText(path)
        switch origin {
        case .file(let line): return path.isEmpty ? "\(file):\(line)" : "\(file):\(line) \(path)"
        case .environment(let name): return "environment \(name)"
        case .option(let name): return "option \(name)"
        case .fallback: return path.isEmpty ? file : "\(file) \(path)"
        }
    }

    private mutating func report(_ what: String, _ path: [SettingStep], _ origin: SettingOrigin, fix: String) {
        problems.append(Problem(what, at: location(path, origin), fix: fix))
    }

    private mutating func check(_ tree: SettingTree, against shape: SettingShape, path: [SettingStep], isSecret: Bool)
        -> SettingTree
    {
        switch (shape, tree) {
        case (.record(let keys), .record(let entries, let origin)):
            return checkRecord(entries, keys, path, origin)
        case (.record(let keys), .empty(let origin)):
            return checkRecord([], keys, path, origin)
        case (.list(let element, let countMax), .list(let elements, let origin)):
            if elements.count > countMax {
                report("\(elements.count) items are too many", path, origin, fix: "write at most \(countMax)")
            }
            let checked = elements.prefix(countMax).enumerated().map { index, value in
                check(value, against: element, path: path + [.index(index)], isSecret: isSecret)
            }
            return .list(checked, origin)
        case (.list, .empty(let origin)):
            return .list([], origin)
        case (.dictionary, .record(let entries, let origin)):
            return checkDictionary(entries, path, origin)
        case (.dictionary, .empty(let origin)):
            return .record([], origin)
        case (_, .scalar(let scalar)) where shape.isScalar:
            return checkScalar(scalar, against: shape, path: path, isSecret: isSecret)
        default:
            report("found \(kind(of: tree, path, isSecret))", path, tree.origin, fix: "write \(shape.expectation)")
            return tree
        }
    }

    /// A file that is one value is none of varve's, and may be a key.
    private func kind(of tree: SettingTree, _ path: [SettingStep], _ isSecret: Bool) -> String {
        if case .scalar = tree, path.isEmpty || isSecret { return "a single value" }
        return tree.kind
    }

    private mutating func checkScalar(
        _ written: SettingScalar, against shape: SettingShape, path: [SettingStep], isSecret: Bool
    ) -> SettingTree {
        var scalar = written
        do {
            scalar = try interpolation.fill(written)
        } catch {
            report(error.what, path, written.origin, fix: error.remedy)
            return .scalar(written)
        }
        scalar.isSecret = scalar.isSecret || isSecret
        guard let canonical = shape.canonical(scalar.text) else {
            report("found \(SettingTree.scalar(scalar).kind)", path, scalar.origin, fix: "write \(shape.expectation)")
            return .scalar(scalar)
        }
        scalar.canonical = canonical
        return .scalar(scalar)
    }

    private mutating func checkRecord(
        _ entries: [SettingTree.Entry], _ keys: [SettingKey], _ path: [SettingStep], _ origin: SettingOrigin
    ) -> SettingTree {
        for entry in entries where !keys.contains(where: { $0.name == entry.name }) {
            let hint = Suggestion.forKey(entry.name, among: keys.map(\.name))
            report("unknown key '\(entry.name)'", path + [.key(entry.name)], entry.origin, fix: hint)
        }
        var checked: [SettingTree.Entry] = []
        for key in keys {
            let inner = path + [.key(key.name)]
            let written = entries.first { $0.name == key.name }
            if let written, !(written.value.isEmptyScalar && key.shape.isScalar) || key.isRequired {
                let value = check(written.value, against: key.shape, path: inner, isSecret: key.isSecret)
                checked.append(.init(name: key.name, origin: written.origin, value: value))
            } else if let written {
                report("nothing is written after the key", inner, written.origin, fix: "write \(key.shape.expectation)")
            } else if key.isRequired {
                let hint = "write \(key.shape.expectation)"
                report("the key '\(key.name)' is missing", path, origin, fix: hint)
            } else if let value = fallback(of: key, path: inner) {
                checked.append(.init(name: key.name, origin: .fallback, value: value))
            }
        }
        return .record(checked, origin)
    }

    /// What holds where a key is absent; nil for no value at all.
    private mutating func fallback(of key: SettingKey, path: [SettingStep]) -> SettingTree? {
        switch key.shape {
        case .record, .dictionary:
            return check(.record([], .fallback), against: key.shape, path: path, isSecret: false)
        case .list:
            return key.fallback == nil ? nil : .list([], .fallback)
        case .text, .choice, .boolean, .integer, .bytes, .duration:
            guard let text = key.fallback else { return nil }
            var scalar = SettingScalar(text, origin: .fallback)
            scalar.canonical = key.shape.canonical(text) ?? text
            return .scalar(scalar)
        }
    }

    private mutating func checkDictionary(
        _ entries: [SettingTree.Entry], _ path: [SettingStep], _ origin: SettingOrigin
    ) -> SettingTree {
        let texts = SettingShape.text(expecting: "a text") { _ in true }
        let checked = entries.map { entry in
            let value = check(
                entry.value, against: texts, path: path + [.key(entry.name)], isSecret: isSecretName(entry.name))
            return SettingTree.Entry(name: entry.name, origin: entry.origin, value: value)
        }
        return .record(checked, origin)
    }
}

/// True for names under which librdkafka, and people, keep secrets.
func isSecretName(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["password", "secret", "token", "jaas", "key.pem", "oauthbearer.config"].contains { name.contains($0) }
}

extension SettingTree {
    fileprivate var isEmptyScalar: Bool {
        if case .empty = self { true } else { false }
    }
}
