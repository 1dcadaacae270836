import Foundation

extension CompactionPlan {
    /// Groups in one plan; a table of more is planned again after these are done.
    public static let groupsMax = 1_000_000

    /// The plan as JSON with sorted keys: the same plan gives the same bytes.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Reads a plan and checks that nothing in it contradicts itself.
    public static func decode(_ bytes: [UInt8]) throws(MaintenanceError) -> CompactionPlan {
        struct FormatField: Decodable {
            var format: Int
        }
        let plan: CompactionPlan
        do {
            let format = try JSONDecoder().decode(FormatField.self, from: Data(bytes)).format
            guard format <= currentFormat else {
                throw MaintenanceError.invalid("the plan has format \(format), which is newer than this program")
            }
            plan = try JSONDecoder().decode(CompactionPlan.self, from: Data(bytes))
        } catch let error as MaintenanceError {
            throw error
        } catch {
            throw .invalid("this is no compaction plan of varve")
        }
        guard Set(plan.groups.map(\.id)).count == plan.groups.count, plan.groups.count <= groupsMax else {
            throw .invalid("the plan's groups are not numbered apart")
        }
        var paths: Set<String> = []
        for group in plan.groups {
            guard group.bytes >= 0, group.records >= 0, group.uncompressedBytes >= 0 else {
                throw .invalid("group \(group.id) of the plan has a negative size")
            }
            for path in group.inputs where !paths.insert(path).inserted {
                throw .invalid("\(path) is in the plan twice")
            }
        }
        guard (1...4 << 30).contains(plan.policy.targetBytes) else {
            throw .invalid("the plan's target size is not positive, or over 4 GiB")
        }
        return plan
    }
}
