import Foundation
import LakeModel

/// Where a lake is: the root under which its tables have their folders.
enum LakeURL: Hashable, Sendable {
    /// The prefix has no slash at its ends; empty for the whole bucket.
    case s3(bucket: String, prefix: String)
    /// An absolute path.
    case directory(String)

    /// Reads `s3://bucket/prefix` and `file:///directory`.
    init(_ text: String) throws(InvalidLakeURL) {
        if text.hasPrefix("file://") {
            let path = text.dropFirst(7)
            guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw InvalidLakeURL() }
            guard let decoded = String(path).removingPercentEncoding, !decoded.utf8.contains(0) else {
                throw InvalidLakeURL()
            }
            self = .directory(decoded)
        } else if text.hasPrefix("s3://") {
            let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let bucket = String(parts.first ?? "")
            let prefix = parts.count > 1 ? String(parts[1]) : ""
            let trimmed = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
            guard Self.isBucketName(bucket), trimmed.isEmpty || Self.isPrefix(trimmed) else { throw InvalidLakeURL() }
            self = .s3(bucket: bucket, prefix: trimmed)
        } else {
            throw InvalidLakeURL()
        }
    }

    struct InvalidLakeURL: Error {}

    /// What S3 and its kin allow together: 3 to 63 letters, digits, dots, hyphens and (older buckets) underscores.
    private static func isBucketName(_ text: String) -> Bool {
        (3...63).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
            } && text.first != "." && !text.contains("..")
    }

    private static func isPrefix(_ text: String) -> Bool {
        guard text.utf8.count <= 512, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }
}

/// Which topics a table takes: one by name, or all that match a regular expression.
enum TopicSelector: Hashable, Sendable {
    case name(String)
    /// A POSIX extended expression, as librdkafka takes it, without its slashes; it matches whole topic names.
    case pattern(String)

    /// Reads `orders` and `/orders-.*/`; nil where the name or the expression is not valid.
    init?(_ text: String) {
        if text.utf8.count > 2, text.hasPrefix("/"), text.hasSuffix("/") {
            let pattern = String(text.dropFirst().dropLast())
            guard PosixPattern(pattern) != nil else { return nil }
            self = .pattern(pattern)
        } else {
            let allowed = text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F
            }
            guard allowed, (1...249).contains(text.utf8.count), text != ".", text != ".." else { return nil }
            self = .name(text)
        }
    }

    /// True where this selector takes the topic.
    func matches(_ topic: String) -> Bool {
        switch self {
        case .name(let name): name == topic
        case .pattern(let pattern): PosixPattern(pattern)?.matchesWhole(topic) ?? false
        }
    }

    /// As it stands in the configuration.
    var text: String {
        switch self {
        case .name(let name): name
        case .pattern(let pattern): "/\(pattern)/"
        }
    }

    /// As librdkafka's `subscribe` takes it: what begins with `^` is an expression.
    var subscription: String {
        switch self {
        case .name(let name): name
        case .pattern(let pattern): "^(\(pattern))$"
        }
    }
}

/// Where a topic partition starts that the catalog has never seen.
enum StartSetting: Hashable, Sendable {
    case earliest, latest
    /// The first event whose Kafka timestamp is not before this.
    case time(Timestamp)

    init?(_ text: String) {
        switch text {
        case "earliest": self = .earliest
        case "latest": self = .latest
        default:
            guard let time = Timestamp(text) else { return nil }
            self = .time(time)
        }
    }
}

/// An address and port to listen on.
struct ListenAddress: Hashable, Sendable {
    var host: String
    var port: Int

    /// Reads `127.0.0.1:9464`, `[::1]:9464` and `localhost:9464`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        (self.host, self.port) = (String(host), port)
    }

    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
