// swift-tools-version: 6.2

import PackageDescription

/// One set of flags for every target: language mode 6, imports internal unless said, warnings are errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// A door to one C library: a module map and a header, nothing else.
func door(_ name: String, _ pkgConfig: String, apt package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

/// What `varve --version` says of where it was built from: a commit's hexadecimal digits, nothing else.
let commit = String((Context.environment["VARVE_BUILD_COMMIT"] ?? "").filter(\.isHexDigit).prefix(40))

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsCore = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "varve",
    products: [
        .executable(name: "varve", targets: ["varve"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // One door to each C library.
        door("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
        door("CCrypto", "libcrypto", apt: "libssl-dev"),
        door("CZstd", "libzstd", apt: "libzstd-dev"),
        door("CZlib", "zlib", apt: "zlib1g-dev"),
        door("CSnappy", "snappy", apt: "libsnappy-dev"),
        door("CLZ4", "liblz4", apt: "liblz4-dev"),
        door("CBrotli", "libbrotlidec", apt: "libbrotli-dev"),
        door("CRDKafka", "rdkafka", apt: "librdkafka-dev"),
        door("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CBuild", cSettings: [.define("VARVE_BUILD_COMMIT", to: "\"\(commit)\"")]),

        // Values and boundaries.
        module("LakeModel"),
        module("SampleEvents", ["LakeModel"]),
        module("ObjectStorage", ["LakeModel", "CCrypto", log, metrics]),
        module("Compression", ["CZstd", "CZlib", "CSnappy", "CLZ4", "CBrotli"]),

        // The lake.
        module("Formats", ["LakeModel", "Compression", "CSimdjson"]),
        module("Catalog", ["LakeModel", "ObjectStorage", "Compression", "CSQLite", log, metrics]),

        // The edges.
        module("S3", ["LakeModel", "ObjectStorage", "CCurl"]),
        module("Kafka", ["LakeModel", "CRDKafka", log]),
        module(
            "Operations",
            [
                "LakeModel", hummingbird, hummingbirdCore, httpTypes, nioCore, nioPosix, lifecycle, log, metricsCore,
            ]),

        // The work.
        module("Ingest", ["LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", log, metrics]),
        module("Maintenance", ["LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", log]),
        module("WebConsole", ["LakeModel", "ObjectStorage", "Catalog", "Operations", log]),

        // The product, and the benchmarks over the same libraries.
        .executableTarget(
            name: "varve",
            dependencies: [
                "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "S3", "Kafka", "Ingest",
                "Maintenance", "Operations", "WebConsole", "SampleEvents", "CBuild", arguments, yams, log, metrics,
                lifecycle,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "varve-bench",
            dependencies: [
                "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "Kafka", "Ingest", "Operations",
                "SampleEvents", "CRDKafka", "CZstd", arguments, log,
            ],
            swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["LakeModel", "ObjectStorage", log],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "Simulation",
            dependencies: [
                "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "Ingest", "Maintenance", log,
            ],
            path: "Tests/Simulation",
            exclude: ["Mutations"],
            swiftSettings: strict),
        .executableTarget(
            name: "varve-simulate", dependencies: ["Simulation", arguments], swiftSettings: strict),
        tests("SimulationTests", ["Simulation"]),
        tests("LakeModelTests", ["LakeModel"]),
        tests("SampleEventsTests", ["SampleEvents"]),
        tests("ObjectStorageTests", ["ObjectStorage", "LakeModel", metrics, metricsTestKit]),
        tests("S3Tests", ["S3", "ObjectStorage", "LakeModel"]),
        tests("CompressionTests", ["Compression"]),
        tests("KafkaTests", ["Kafka", "LakeModel", log]),
        tests("FormatsTests", ["Formats", "Compression", "LakeModel"]),
        tests("ParquetTests", ["Formats", "Compression", "LakeModel"]),
        .testTarget(
            name: "ProtocolTests",
            // The model visits millions of states; it is compiled optimised in debug builds too.
            swiftSettings: strict + [.unsafeFlags(["-O"])]),
        tests("CatalogTests", ["Catalog", "ObjectStorage", "LakeModel", "Compression", log]),
        tests(
            "IngestTests",
            [
                "Ingest", "Maintenance", "Simulation", "Catalog", "Formats", "Compression", "ObjectStorage",
                "LakeModel", log,
            ]),
        tests(
            "MaintenanceTests",
            ["Maintenance", "Catalog", "Formats", "Compression", "ObjectStorage", "LakeModel", log]),
        tests("OperationsTests", ["Operations", "LakeModel", log, metricsCore, lifecycle]),
        tests("WebConsoleTests", ["WebConsole", "Operations", "Catalog", "ObjectStorage", "LakeModel", log]),
        tests(
            "CommandTests",
            [
                "varve", "LakeModel", "ObjectStorage", "Catalog", "Formats", "Compression", "Kafka", "Ingest",
                "Operations", log, arguments,
            ]),
        tests("IntegrationTests", ["LakeModel", "ObjectStorage", "S3", "Kafka", "Catalog", log]),
        tests("RepositoryTests", []),
    ]
)

// The fuzzers are built apart (`make fuzz`), with libFuzzer's main and everything instrumented.
if Context.environment["VARVE_FUZZ"] != nil {
    let settings: [Target.Dependency] = [
        "LakeModel", "ObjectStorage", "Formats", "Catalog", "Ingest", "Maintenance", yams,
    ]
    let parsers: [Target.Dependency] = [
        "LakeModel", "ObjectStorage", "Compression", "Formats", "Catalog", "S3", "VarveSettings",
    ]
    let needed = package.targetsNeeded(by: settings + parsers)
    package.products = [.executable(name: "varve-fuzz", targets: ["varve-fuzz"])]
    package.targets = package.targets.filter { needed.contains($0.name) }
    package.targets += [
        .target(
            name: "VarveSettings",
            dependencies: settings,
            path: "Sources/varve",
            sources: [
                "Settings", "Failure/CommandFailure.swift", "Failure/ExitStatus.swift", "Output/JSONText.swift",
                "Output/Text.swift",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "varve-fuzz",
            dependencies: parsers,
            path: "Tests/Fuzz", exclude: ["corpus", "run"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
    ]
}

extension Package {
    /// The names of this package's targets that `dependencies` lead to.
    func targetsNeeded(by dependencies: [Target.Dependency]) -> Set<String> {
        var names: Set<String> = []
        var left = dependencies
        while let dependency = left.popLast() {
            guard case .byNameItem(let name, _) = dependency, names.insert(name).inserted else { continue }
            left += targets.first { $0.name == name }?.dependencies ?? []
        }
        return names
    }
}
