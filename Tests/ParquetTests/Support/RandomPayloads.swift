import Foundation
import LakeModel
import TestSupport

@testable import Formats

/// Random JSON payloads of one loose type: members come and go, and now and then a value is of another type.
struct RandomPayloads {
    var random: SeededGenerator
    private let shape: Shape

    private indirect enum Shape {
        case boolean, integer, double, text, timestamp, date, uuid, anything
        case object([(String, Shape)])
        case list(Shape)
    }

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        shape = Self.object(&random, depth: 0)
    }

    private static func object(_ random: inout SeededGenerator, depth: Int) -> Shape {
        let names = ["a", "b", "c/d", "e~f", "ü", "g\"h", "long_name_of_a_field", "z"].shuffled(using: &random)
        return .object(
            names.prefix(Int.random(in: 1...6, using: &random)).map { ($0, shape(&random, depth: depth + 1)) })
    }

    private static func shape(_ random: inout SeededGenerator, depth: Int) -> Shape {
        if depth < 4, random.chance(0.2) { return object(&random, depth: depth) }
        if depth < 4, random.chance(0.2) { return .list(shape(&random, depth: depth + 1)) }
        let flat: [Shape] = [.boolean, .integer, .double, .text, .timestamp, .date, .uuid, .anything]
        return flat.randomElement(using: &random) ?? .text
    }

    /// `oddity` is how often a value is missing, null or of another type, or a member is one that nobody knows.
    mutating func next(oddity: Double) -> String { text(shape, oddity) }

    private mutating func text(_ shape: Shape, _ oddity: Double) -> String {
        if random.chance(oddity * 0.3) { return "null" }
        if random.chance(oddity * 0.2), case .object = shape { return "\"no object\"" }
        if random.chance(oddity * 0.2) {
            return ["{\"odd\": [1, {}]}", "[]", "-17", "\"\"", "true"].randomElement(using: &random) ?? ""
        }
        switch shape {
        case .boolean: return random.chance(0.5) ? "true" : "false"
        case .integer: return "\(Int64.random(in: random.chance(0.1) ? .min ... .max : -99...99, using: &random))"
        case .double: return "\(Double.random(in: -1000...1000, using: &random))"
        case .text:
            return ["\"\"", "\"tab\\t \\ud83c\\udf88\"", "\"straße\"", "\"x\\/y\""].randomElement(using: &random) ?? ""
        case .timestamp:
            let time = Timestamp(milliseconds: Int64.random(in: 0..<4_000_000_000_000, using: &random))
            return "\"\(time.description)\""
        case .date: return "\"2026-0\(1 + random.next() % 9)-1\(random.next() % 10)\""
        case .uuid:
            let hex = (0..<32).map { _ in String(random.next() & 15, radix: 16) }.joined()
            let cuts = [8, 4, 4, 4, 12]
            var rest = hex[...]
            return "\""
                + cuts.map { count in
                    defer { rest = rest.dropFirst(count) }
                    return String(rest.prefix(count))
                }.joined(separator: "-") + "\""
        case .anything: return ["1", "\"s\"", "[1, 2]", "{\"k\": null}", "false"].randomElement(using: &random) ?? ""
        case .list(let element):
            let count = [0, 1, 2, 4].randomElement(using: &random) ?? 0
            return "[" + (0..<count).map { _ in text(element, oddity) }.joined(separator: " , ") + "]"
        case .object(let members):
            var members = members.filter { _ in !random.chance(oddity) }
            if random.chance(oddity) { members.shuffle(using: &random) }
            var texts = members.map { "\(Self.quoted($0.0)): \(text($0.1, oddity))" }
            if random.chance(oddity * 0.5) { texts.append("\"new/\(random.next() % 3)\": [\(random.next() % 9)]") }
            return "{" + texts.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\\\"").replacing("ü", with: "\\u00fc") + "\""
    }
}
