import Catalog
import Foundation
import LakeModel
import Maintenance

/// The texts that keys take beyond numbers and choices, each with its rule in words.
extension SettingShape {
    static let lakeURL = SettingShape.text(expecting: "s3://bucket/prefix or file:///directory") {
        (try? LakeURL($0)) != nil
    }

    static let webURL = SettingShape.text(expecting: "a URL such as https://host:9000") { text in
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count)
            return !host.isEmpty && !host.hasPrefix("/") && !host.contains { $0.isWhitespace || $0 == "@" }
        }
        return false
    }

    static let proxy = SettingShape.text(expecting: "none, or a URL such as http://host:3128") { text in
        guard text != "none" else { return true }
        return (text.hasPrefix("http://") || text.hasPrefix("https://")) && !text.contains(where: \.isWhitespace)
    }

    static let brokerList = SettingShape.text(expecting: "host:port, several with commas between") { text in
        let brokers = text.split(separator: ",", omittingEmptySubsequences: false)
        return brokers.allSatisfy { broker in
            let broker = broker.trimmingPrefix(while: { $0 == " " })
            return !broker.isEmpty && !broker.contains { $0.isWhitespace }
        }
    }

    static let tableName = SettingShape.text(
        expecting: "a name of 1 to 200 letters, digits, '_', '-' and '.', beginning with a letter or digit"
    ) { TableName($0) != nil || isSideTableName($0) }

    static let topic = SettingShape.text(expecting: "a topic name, or a /regular expression/") { text in
        TopicSelector(text) != nil
    }

    static let start = SettingShape.text(expecting: "earliest, latest or a time such as 2026-11-21T00:00:00Z") {
        StartSetting($0) != nil
    }

    static let timeSource = SettingShape.text(expecting: "kafka, field:/json/pointer or header:name") { text in
        text == "kafka" || isFieldSource(text) || (text.hasPrefix("header:") && text.utf8.count > 7)
    }

    static let shardSource = SettingShape.text(expecting: "partition, key or field:/json/pointer") { text in
        text == "partition" || text == "key" || isFieldSource(text)
    }

    static let eventField = SettingShape.text(expecting: "@key, user_id, user.id or /user/id") { text in
        switch try? ErasureRequest.Field(text) {
        case .key, .value: true
        case .header, nil: false
        }
    }

    static let zone = SettingShape.text(expecting: "an IANA time zone such as UTC or Europe/Berlin") { text in
        let plain = text.utf8.allSatisfy { isLetterOrDigit($0) || "/_+-".utf8.contains($0) }
        return text == "UTC" || (plain && text.contains("/") && TimeZone(identifier: text) != nil)
    }

    static let listenAddress = SettingShape.text(expecting: "off, or address:port such as 127.0.0.1:9464") { text in
        text == "off" || ListenAddress(text) != nil
    }

    static let label = SettingShape.text(expecting: "a label of 1 to 64 letters, digits and . _ - : = /") { text in
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "._-:=/".utf8.contains($0) }
    }

    static let filePath = SettingShape.text(expecting: "the path of a file") { text in
        !text.isEmpty && !text.utf8.contains(0)
    }

    /// 256 bits, as SSE-C takes them.
    static let customerKey = SettingShape.text(expecting: "32 bytes in base64") { text in
        Data(base64Encoded: text)?.count == 32
    }
}

/// True for the names by which side tables are addressed; the cross checks refuse them with a better reason.
func isSideTableName(_ text: String) -> Bool {
    guard let address = try? TableAddress.parse(text) else { return false }
    return address.side != .main
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}

/// `field:` and a JSON Pointer (RFC 6901): slashes, and `~` only as `~0` or `~1`.
private func isFieldSource(_ text: String) -> Bool {
    guard text.hasPrefix("field:/") else { return false }
    let parts = text.dropFirst(6).split(separator: "~", omittingEmptySubsequences: false).dropFirst()
    return parts.allSatisfy { $0.first == "0" || $0.first == "1" }
}
