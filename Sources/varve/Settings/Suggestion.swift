/// "Did you mean …": the nearest of the names that would have been right.
enum Suggestion {
    /// What to write instead of an unknown key: a near name of the same group, else the place of the same name
    /// elsewhere, else all names.
    static func forKey(_ name: String, among names: [String]) -> String {
        if let near = nearest(to: name, among: names) { return "did you mean '\(near)'?" }
        if let elsewhere = place(of: name, in: SettingsGrammar.root, path: "") { return "did you mean '\(elsewhere)'?" }
        return "use one of " + names.joined(separator: ", ")
    }

    /// The name with the fewest edits, if they are few enough for a slip.
    static func nearest(to name: String, among names: [String]) -> String? {
        let name = name.lowercased()
        let limit = max(1, name.count / 3)
        let ranked = names.map { (edits: edits(name, $0), name: $0) }.filter { $0.edits <= limit }
        return ranked.min { ($0.edits, $0.name) < ($1.edits, $1.name) }?.name
    }

    private static func place(of name: String, in keys: [SettingKey], path: String) -> String? {
        for key in keys {
            switch key.shape {
            case .record(let inner):
                if inner.contains(where: { $0.name == name }) { return path + key.name + "." + name }
                if let found = place(of: name, in: inner, path: path + key.name + ".") { return found }
            case .list(.record(let inner), _):
                if inner.contains(where: { $0.name == name }) { return path + key.name + "[]." + name }
                if let found = place(of: name, in: inner, path: path + key.name + "[].") { return found }
            default: continue
            }
        }
        return nil
    }

    /// Damerau–Levenshtein distance with adjacent swaps; texts beyond 64 characters are far from everything.
    static func edits(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        guard a.count <= 64, b.count <= 64 else { return 64 }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
