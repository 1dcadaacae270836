/// The places where a banned call is right, each with its reason.
enum Exceptions {
    struct Exception: Sendable {
        var path: String
        var call: String
        var reason: String
    }

    static let all: [Exception] = []

    static func reason(for call: String, in path: String) -> String? {
        all.first { $0.path == path && $0.call == call }?.reason
    }
}
