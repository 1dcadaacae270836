import LakeModel

/// A number of bytes in the settings.
struct ByteSize: Decodable, Hashable, Sendable {
    var bytes: Int

    init(from decoder: any Decoder) throws {
        bytes = try decoder.singleValueContainer().decode(Int.self)
    }
}

/// A span of time in the settings.
struct TimeSetting: Decodable, Hashable, Sendable {
    var milliseconds: Int

    var duration: Duration { .milliseconds(milliseconds) }

    init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int.self)
    }
}

extension LakeURL: Decodable {
    init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }
}

extension TopicSelector: Decodable {
    init(from decoder: any Decoder) throws {
        self = try decoder.readText(with: TopicSelector.init(_:))
    }
}

extension StartSetting: Decodable {
    init(from decoder: any Decoder) throws {
        self = try decoder.readText(with: StartSetting.init(_:))
    }
}

extension Decoder {
    fileprivate func readText<Value>(with read: (String) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        guard let value = read(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Value.self)")
        }
        return value
    }
}
