/// Which module may import which: the arrows of the architecture, written down a second time on purpose, so that a
/// dependency added to Package.swift in passing fails a test.
enum Arrows {
    static let toModules: [String: Set<String>] = [
        "LakeModel": [],
        "SampleEvents": ["LakeModel"],
        "ObjectStorage": ["LakeModel", "CCrypto"],
        "Compression": ["CZstd", "CZlib", "CSnappy", "CLZ4", "CBrotli"],
        "Formats": ["LakeModel", "Compression", "CSimdjson"],
        "Catalog": ["LakeModel", "ObjectStorage", "Compression", "CSQLite"],
        "S3": ["LakeModel", "ObjectStorage", "CCurl"],
        "Kafka": ["LakeModel", "CRDKafka"],
        "Operations": ["LakeModel"],
        "Ingest": ["LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog"],
        "Maintenance": ["LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog"],
        // Above the server and the catalog: it shows the one through the other.
        "WebConsole": ["LakeModel", "ObjectStorage", "Catalog", "Operations"],
        "varve": [
            "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "S3", "Kafka", "Ingest", "Maintenance",
            "Operations", "WebConsole", "SampleEvents", "CBuild",
        ],
        // The floor of the benchmark is librdkafka and zstd without our wrappers, hence their doors.
        "varve-bench": [
            "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "Kafka", "Ingest", "Operations",
            "SampleEvents", "CRDKafka", "CZstd",
        ],
        "varve-simulate": ["Simulation"],
    ]

    /// Modules from packages, and who may import them. Tests may import any.
    static let toPackages: [String: Set<String>] = [
        "Logging": [
            "ObjectStorage", "Catalog", "S3", "Kafka", "Operations", "Ingest", "Maintenance", "WebConsole", "varve",
            "varve-bench",
        ],
        "Metrics": ["ObjectStorage", "Catalog", "S3", "Ingest", "varve"],
        "CoreMetrics": ["Operations", "varve"],
        "HTTPTypes": ["S3", "Operations"],
        "Hummingbird": ["Operations"],
        "HummingbirdCore": ["Operations"],
        "NIOCore": ["Operations"],
        "NIOPosix": ["Operations"],
        "ServiceLifecycle": ["Operations", "varve"],
        "ArgumentParser": ["varve", "varve-bench", "varve-simulate"],
        "Yams": ["varve"],
    ]

    static let system: Set<String> = [
        "Glibc", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Swift", "Musl",
    ]

    static func mayImport(_ module: String, in target: String) -> Bool {
        system.contains(module) || toModules[target]?.contains(module) == true
            || toPackages[module]?.contains(target) == true
    }

    /// The module that an import line names; nil for other lines.
    static func importedModule(_ line: String) -> String? {
        var words = line.split(separator: " ")[...]
        let modifiers: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
        while let first = words.first, first.hasPrefix("@") || modifiers.contains(first) {
            words = words.dropFirst()
        }
        guard words.first == "import" else { return nil }
        words = words.dropFirst()
        if let kind = words.first, ["struct", "class", "enum", "protocol", "func", "var", "let"].contains(kind) {
            words = words.dropFirst()
        }
        return words.first?.split(separator: ".").first.map(String.init)
    }
}
