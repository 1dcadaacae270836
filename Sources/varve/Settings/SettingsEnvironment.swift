/// Overrides from the environment: `VARVE_KAFKA_BROKERS` stands for `kafka.brokers`.
enum SettingsEnvironment {
    struct Override {
        var name: String
        var path: [SettingStep]
        var value: SettingTree
    }

    /// The overrides that the grammar knows, in the order in which to apply them, and the names that look like
    /// overrides and are none. Variables of other groups (`VARVE_CONFIG`) are left alone.
    static func overrides(in environment: [String: String]) -> (known: [Override], unknown: [String]) {
        var known: [Override] = []
        var unknown: [String] = []
        let shape = SettingShape.record(SettingsGrammar.root)
        for (name, text) in environment where name.hasPrefix("VARVE_") {
            let rest = name.dropFirst(6)
            if let found = resolve(rest, in: shape) {
                known.append(Override(name: name, path: found.path, value: value(text, of: found.shape, named: name)))
            } else if SettingsGrammar.root.contains(where: { begins(rest, with: $0.name) }) {
                unknown.append(name)
            }
        }
        known.sort { $0.path.lexicographicallyPrecedes($1.path) }
        return (known, unknown.sorted())
    }

    /// The name of the variable for a path: `VARVE_TABLES_0_NAME`.
    static func name(of path: some Sequence<SettingStep>) -> String {
        path.reduce("VARVE") { name, step in
            switch step {
            case .key(let key): name + "_" + key.uppercased().replacing(".", with: "_")
            case .index(let index): name + "_\(index)"
            }
        }
    }

    private static func value(_ text: String, of shape: SettingShape, named name: String) -> SettingTree {
        let origin = SettingOrigin.environment(name)
        guard case .list = shape else { return .scalar(SettingScalar(text, origin: origin)) }
        let parts = text.split(separator: ",")
        return .list(parts.map { .scalar(SettingScalar(String($0), origin: origin)) }, origin)
    }

    private static func begins(_ rest: Substring, with key: String) -> Bool {
        rest == key.uppercased() || rest.hasPrefix(key.uppercased() + "_")
    }

    private static func resolve(_ rest: Substring, in shape: SettingShape)
        -> (path: [SettingStep], shape: SettingShape)?
    {
        switch shape {
        case .record(let keys):
            for key in keys where begins(rest, with: key.name) {
                let inner = rest.dropFirst(key.name.utf8.count)
                if let found = resolve(inner.first == "_" ? inner.dropFirst() : inner, in: key.shape) {
                    return ([.key(key.name)] + found.path, found.shape)
                }
            }
            return nil
        case .list(let element, _):
            if rest.isEmpty { return element.isScalar ? ([], shape) : nil }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let index = Int(digits) else { return nil }
            let inner = rest.dropFirst(digits.count)
            guard inner.isEmpty || inner.first == "_", let found = resolve(inner.dropFirst(), in: element) else {
                return nil
            }
            return ([.index(index)] + found.path, found.shape)
        case .dictionary(let underscore):
            guard !rest.isEmpty else { return nil }
            let name = rest.lowercased().replacing("_", with: underscore)
            return ([.key(name)], .anyText)
        case .text, .choice, .boolean, .integer, .bytes, .duration:
            return rest.isEmpty ? ([], shape) : nil
        }
    }
}
