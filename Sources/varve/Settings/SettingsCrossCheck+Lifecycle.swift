import LakeModel
import Maintenance

/// Rules, holds and archives that could never do what they seem to say.
extension SettingsCrossCheck {
    func lifecycleProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        let own = path + [.key("lifecycle")]
        return archiveProblems(table, own + [.key("archive")]) + ruleProblems(table, own + [.key("rules")])
            + holdProblems(table, own + [.key("holds")])
    }

    private func archiveProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        let archive = table.lifecycle.archive
        var problems: [Problem] = []
        if archive.to != nil, archive.config != nil {
            problems.append(
                problem("two lakes to archive into", path + [.key("config")], fix: "leave out to or config"))
        }
        if archive.rule == nil, let key = archive.firstWritten {
            problems.append(
                problem(
                    "it names no lake to archive into", path + [.key(key)],
                    fix: "write lifecycle.archive.to, or leave it out"))
        }
        // An option may have put another lake in the place of the file's: who opens the archive looks again.
        if !isLakeGiven, let to = archive.to, let url = try? LakeURL(to),
            LakePlace(url, endpoint: settings.s3.endpoint).overlaps(LakePlace(settings))
        {
            problems.append(
                problem(
                    "a lake cannot be or hold its own archive", path + [.key("to")], fix: "name a lake apart from it"))
        }
        return problems
    }

    private func ruleProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        let rules = table.lifecycle.rules
        return rules.enumerated().flatMap { index, rule -> [Problem] in
            let own = path + [.index(index)]
            var problems: [Problem] = []
            if rule.deed == .tier, rule.storageClass == nil {
                problems.append(
                    problem(
                        "no storage class to move to", own + [.key("storage_class")],
                        fix: "write one, such as STANDARD_IA"))
            }
            if rule.deed != .tier, rule.storageClass != nil {
                problems.append(
                    problem(
                        "a storage class in a rule that moves nothing", own + [.key("storage_class")],
                        fix: "leave it out, or write do: tier"))
            }
            if rule.bytesMin.bytes > rule.bytesMax.bytes {
                problems.append(
                    problem("no object is of such a size", own + [.key("max_bytes")], fix: "give at least min_bytes"))
            }
            if rules[..<index].contains(where: { $0.name == rule.name }) {
                problems.append(
                    problem("the rule '\(rule.name)' is there twice", own + [.key("name")], fix: "rename one of them"))
            }
            return problems
        }
    }

    /// A hold that holds nothing would be found out when it is too late.
    private func holdProblems(_ table: Settings.Table, _ path: [SettingStep]) -> [Problem] {
        table.lifecycle.holds.enumerated().compactMap { index, hold in
            let hours = hold.hold
            guard let first = hours.firstHour, let last = hours.lastHour, first > last else { return nil }
            return problem(
                "the hold ends before it begins", path + [.index(index), .key("to")], fix: "swap from and to")
        }
    }
}

extension Settings.Lifecycle.Archive {
    /// What is not as it is where nobody wrote anything.
    fileprivate var firstWritten: String? {
        let thirtyDays = 30 * 86_400_000
        return [
            ("after", after.milliseconds != thirtyDays), ("sides", !sides.isEmpty), ("tags", !tags.isEmpty),
            ("min_bytes", bytesMin.bytes != 0), ("storage_class", storageClass != nil),
        ].first { $0.1 }?.0
    }
}
