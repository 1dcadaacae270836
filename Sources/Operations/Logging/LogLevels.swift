public import Logging

/// The least level that is written, per component: `info,varve.kafka=debug`.
public struct LogLevels: Sendable, Equatable {
    public var standard: Logger.Level
    /// By prefix of the logger's label; the longest one that fits counts.
    public var components: [String: Logger.Level]

    public init(_ standard: Logger.Level = .info, components: [String: Logger.Level] = [:]) {
        (self.standard, self.components) = (standard, components)
    }

    /// Reads `debug`, `info,varve.kafka=debug,varve.s3=trace`; nil for anything else.
    public init?(_ text: String) {
        self.init()
        for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
            switch pair.count {
            case 1 where index == 0:
                guard let level = Logger.Level(rawValue: pair[0]) else { return nil }
                standard = level
            case 2:
                guard let level = Logger.Level(rawValue: pair[1]), !pair[0].isEmpty else { return nil }
                components[pair[0]] = level
            default: return nil
            }
        }
    }

    /// A component is a whole label or its beginning up to a dot.
    public func level(for label: String) -> Logger.Level {
        components.filter { label == $0.key || label.hasPrefix($0.key + ".") }
            .max { $0.key.utf8.count < $1.key.utf8.count }?.value ?? standard
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        guard let end = start.lastIndex(where: { $0 != " " }) else { return "" }
        return String(start[...end])
    }
}
