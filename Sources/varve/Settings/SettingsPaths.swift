extension Settings {
    /// Lets relative paths that the configuration's file gives begin at the file's folder. Those of the environment and
    /// of options stay relative to the working directory, where they were typed.
    ///
    /// - `tree`: says where each value comes from.
    mutating func resolvePaths(_ tree: SettingTree, from folder: String) {
        guard !folder.isEmpty else { return }
        func resolved(_ path: String?, _ table: Int, _ key: String) -> String? {
            let place: [SettingStep] = [.key("tables"), .index(table), .key("schema"), .key(key)]
            guard let path, !path.hasPrefix("/"), case .file = tree.value(at: place)?.origin else { return path }
            return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
        }
        for index in tables.indices {
            tables[index].schema.jsonSchema = resolved(tables[index].schema.jsonSchema, index, "json_schema")
            tables[index].schema.avro = resolved(tables[index].schema.avro, index, "avro")
        }
    }

    /// The folder of a configuration's file; empty for the working directory, which is that of a pipe too: a folder of
    /// the system's files holds nobody's schemas.
    static func folder(ofFile path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), !path.hasPrefix("/dev/"), !path.hasPrefix("/proc/") else {
            return ""
        }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
