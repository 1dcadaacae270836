import Catalog
import Formats
import LakeModel
import Logging
import Maintenance
import ObjectStorage

/// What was produced: a digest of every event, by partition and offset.
struct DemoLedger: Sendable {
    private(set) var digests: [[UInt64]]
    private(set) var count = 0

    init(partitions: Int) {
        digests = Array(repeating: [], count: partitions)
    }

    /// The offset that the next event of a partition gets.
    func next(of partition: Int) -> Int64 { Int64(digests[partition].count) }

    mutating func note(_ partition: Int, _ digest: UInt64) {
        digests[partition].append(digest)
        count += 1
    }

    /// FNV-1a over everything that an event has, lengths and nulls among it.
    static func digest(_ key: [UInt8]?, _ value: [UInt8]?, _ headers: [(String, [UInt8]?)], _ timestamp: Int64)
        -> UInt64
    {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        func add(number: Int) { withUnsafeBytes(of: Int64(number).littleEndian) { $0.forEach(add) } }
        func add(_ bytes: [UInt8]?) {
            add(number: bytes?.count ?? -1)
            bytes?.forEach(add)
        }
        add(key)
        add(value)
        for (name, value) in headers {
            add(Array(name.utf8))
            add(value)
        }
        add(number: Int(timestamp))
        return hash
    }
}

/// Compares the lake with the ledger, event by event.
struct DemoAudit {
    let stage: DemoStage
    let ledger: DemoLedger

    struct Findings {
        var produced = 0
        var found = 0
        var perSide: [(side: String, count: Int)] = []
        var missing = 0
        var doubled = 0
        var changed = 0

        var isClean: Bool { missing == 0 && doubled == 0 && changed == 0 && found == produced }
    }

    func run(in context: CommandContext) async throws -> Findings {
        let store = try DirectoryObjectStore(root: "\(stage.directory)/lake")
        let name = try TableName.parse("clicks")
        let table = try await Lake(store: store, clock: context.clock, logger: .init(label: "varve.demo")).open(name)
        let reader = ObjectLineReader(store: store, table: name)
        let envelope = EnvelopeReader()
        var seen = ledger.digests.map { Array(repeating: false, count: $0.count) }
        var findings = Findings(produced: ledger.count)
        var perSide: [TableSide: Int] = [:]
        for object in try await table.snapshot().objects(.everything) {
            try await reader.forEachLine(of: object) { line in
                let event = try envelope.read(line)
                note(event, &seen, &findings)
                perSide[object.side, default: 0] += 1
                return true
            }
        }
        findings.perSide = TableSide.allCases.compactMap { side in perSide[side].map { (side.label, $0) } }
        findings.missing = seen.reduce(0) { $0 + $1.count { !$0 } }
        return findings
    }

    private func note(_ event: StoredEvent, _ seen: inout [[Bool]], _ findings: inout Findings) {
        let partition = Int(event.topicPartition.partition)
        findings.found += 1
        guard seen.indices.contains(partition), seen[partition].indices.contains(Int(event.offset)) else {
            findings.changed += 1
            return
        }
        if seen[partition][Int(event.offset)] { findings.doubled += 1 }
        seen[partition][Int(event.offset)] = true
        let digest = DemoLedger.digest(
            event.key, event.value, event.headers.map { (String(decoding: $0.name, as: UTF8.self), $0.value) },
            event.timestamp?.milliseconds ?? 0)
        if digest != ledger.digests[partition][Int(event.offset)] { findings.changed += 1 }
    }
}

extension TableSide {
    fileprivate var label: String {
        switch self {
        case .main: "in the table"
        case .late: "late, in its side table"
        case .deadLetter: "dead letters with their reason"
        }
    }
}
