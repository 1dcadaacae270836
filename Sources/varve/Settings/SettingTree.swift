/// Where a value was written.
enum SettingOrigin: Hashable, Sendable {
    case file(line: Int)
    case environment(String)
    case option(String)
    case fallback
}

struct SettingScalar: Hashable, Sendable {
    /// As the user wrote it, after `${…}` was filled in.
    var text: String
    var isSecret = false
    /// Whether `${…}` was filled in.
    var isFilledIn = false
    var origin: SettingOrigin
    /// The form that the typed settings are decoded from; the text itself until it was checked.
    var canonical: String

    init(_ text: String, origin: SettingOrigin) {
        (self.text, self.origin, canonical) = (text, origin, text)
    }
}

/// A configuration as it was written, before anything is known of its keys.
indirect enum SettingTree: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        var name: String
        var origin: SettingOrigin
        var value: SettingTree
    }

    case scalar(SettingScalar)
    case list([SettingTree], SettingOrigin)
    case record([Entry], SettingOrigin)
    /// A key with nothing after it.
    case empty(SettingOrigin)

    var origin: SettingOrigin {
        switch self {
        case .scalar(let scalar): scalar.origin
        case .list(_, let origin), .record(_, let origin), .empty(let origin): origin
        }
    }

    /// What it is, for "found …".
    var kind: String {
        switch self {
        case .scalar(let scalar) where scalar.isSecret: "a secret that does not fit"
        case .scalar(let scalar): "'\(scalar.text.withoutUserInfo.prefix(80))'"
        case .list: "a list"
        case .record: "a group of keys"
        case .empty: "nothing"
        }
    }

    subscript(name: String) -> SettingTree? {
        guard case .record(let entries, _) = self else { return nil }
        return entries.first { $0.name == name }?.value
    }

    /// Puts a value at a path and makes the records and lists on the way. False where an index is beyond the end
    /// of its list, or a step goes through a scalar.
    mutating func set(_ path: ArraySlice<SettingStep>, to value: SettingTree) -> Bool {
        guard let step = path.first else {
            self = value
            return true
        }
        switch (step, self) {
        case (.key(let name), .record(var entries, let origin)):
            let index = entries.firstIndex { $0.name == name }
            var child = index.map { entries[$0].value } ?? .empty(value.origin)
            guard child.set(path.dropFirst(), to: value) else { return false }
            if let index {
                entries[index].value = child
            } else {
                entries.append(Entry(name: name, origin: value.origin, value: child))
            }
            self = .record(entries, origin)
        case (.index(let index), .list(var elements, let origin)):
            guard index <= elements.count else { return false }
            if index == elements.count { elements.append(.empty(value.origin)) }
            guard elements[index].set(path.dropFirst(), to: value) else { return false }
            self = .list(elements, origin)
        case (.key, .empty(let origin)):
            self = .record([], origin)
            return set(path, to: value)
        case (.index, .empty(let origin)):
            self = .list([], origin)
            return set(path, to: value)
        default:
            return false
        }
        return true
    }
}

/// One step of the way to a value.
enum SettingStep: Hashable, Sendable, Comparable {
    case key(String)
    case index(Int)

    static func < (a: SettingStep, b: SettingStep) -> Bool {
        switch (a, b) {
        case (.key(let a), .key(let b)): a < b
        case (.index(let a), .index(let b)): a < b
        case (.index, .key): true
        case (.key, .index): false
        }
    }
}

/// A path as people write it: `tables[0].rotate.bytes`.
func pathText(_ path: some Sequence<SettingStep>) -> String {
    path.reduce("") { text, step in
        switch step {
        case .key(let name): text.isEmpty ? name : text + "." + name
        case .index(let index): text + "[\(index)]"
        }
    }
}

extension String {
    /// A URL with its user and password as `***`: nobody means to show those. Text without `@` as it is.
    var withoutUserInfo: String {
        let start = firstRange(of: "://")?.upperBound ?? startIndex
        // A password may hold anything, a slash too: so up to the last sign.
        guard let at = self[start...].lastIndex(of: "@"), at > start else { return self }
        return self[..<start] + SecretMask.replacement + self[at...]
    }
}
