@testable import VarveSettings

extension FuzzTarget {
    /// A configuration file: settings, or problems of one line each.
    static let config = FuzzTarget(name: "config") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let source = SettingsSource(
            yaml: (text: text, file: "v.yaml"), environment: ["SECRET": "s3cr3t-s3cr3t"], readFile: { _ in "file" })
        do {
            let loaded = try source.load(for: .ingest)
            require(loaded.settings.tables.count < 100_000, "the tables are bounded")
        } catch let failure as CommandFailure {
            require(!failure.problems.isEmpty, "a refusal gives a reason")
            for problem in failure.problems {
                require(!problem.description.utf8.contains(0x0A), "a problem is one line")
            }
        } catch {
            require(false, "settings are refused in their own words")
        }
    }

    /// A pattern for topic names, a line break, a name.
    static let pattern = FuzzTarget(name: "pattern") { bytes in
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1)
        let text = String(decoding: parts.first ?? bytes[...], as: UTF8.self)
        guard let pattern = PosixPattern(text) else { return }
        _ = pattern.matchesWhole(parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "orders")
    }
}
