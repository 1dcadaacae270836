import Kafka
import LakeModel
import Logging

/// Finds out whether the brokers answer and have the topics that the tables want.
struct BrokerExamination {
    var settings: Settings
    var logger: Logger
    var context: CommandContext

    func findings() async -> [DoctorFinding] {
        do {
            let questions = BrokerQuestions(settings: try settings.kafkaSettings(in: context), logger: logger)
            let metadata = try await questions.metadata()
            let names = metadata.brokers.map { "\($0.host):\($0.port)" }.sorted().joined(separator: ", ")
            let reached = DoctorFinding(
                area: .kafka, check: "brokers", outcome: metadata.brokers.isEmpty ? .failed : .ok,
                detail: "\(metadata.brokers.count) answered: \(names)")
            return [reached] + settings.tables.flatMap { Self.findings($0, metadata) }
        } catch {
            let detail = (error as? KafkaError)?.description ?? CommandFailure(error).problems.first?.description
            return [DoctorFinding(area: .kafka, check: "brokers", outcome: .failed, detail: detail ?? "\(error)")]
        }
    }

    static func findings(_ table: Settings.Table, _ metadata: KafkaMetadata) -> [DoctorFinding] {
        table.topics.map { selector in
            let matching = metadata.topics.filter { selector.matches($0.name) }
            let check = "topic \(selector.text)"
            guard !matching.isEmpty else {
                let detail =
                    switch selector {
                    case .name: "no such topic: check its name, or create it; until then nothing is read"
                    case .pattern: "matches no topic: check the expression; topics that come later are found"
                    }
                return DoctorFinding(area: .kafka, check: check, outcome: .failed, detail: detail)
            }
            if let broken = matching.first(where: { $0.error != nil }), let error = broken.error {
                return DoctorFinding(area: .kafka, check: check, outcome: .failed, detail: error.description)
            }
            let partitions = matching.flatMap(\.partitions)
            let leaderless = partitions.count { $0.leader < 0 }
            let count = "\(matching.count) \(matching.count == 1 ? "topic" : "topics"), \(partitions.count) partitions"
            return DoctorFinding(
                area: .kafka, check: check, outcome: leaderless == 0 ? .ok : .warning,
                detail: leaderless == 0 ? count : "\(count), \(leaderless) of them without a leader")
        }
    }
}
