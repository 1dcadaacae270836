/// Finds a schema that takes the payloads it was shown; more of them only widen it.
///
/// What no payload had is missing from the schema, so its values go to `_rest`; nulls say nothing of a type, an empty
/// object or list only that it is one.
public struct SchemaInference {
    /// An object with more members than this, over all payloads, is a map where its values agree, else json.
    public static let membersMax = 200
    /// Places that are remembered, over all payloads; what is new beyond them goes to `_rest`.
    static let placesMax = 20_000

    private let parser = JSONParser()
    private var root = Seen(Seen.Tally())
    /// Payloads that were objects, and so said something.
    public private(set) var objectCount = 0

    public init() {}

    /// Places that it remembers.
    var placeCount: Int { root.tally.places }

    /// Shows it one payload; false where it is no JSON object.
    @discardableResult
    public mutating func add(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard parser.parse(payload).isValid else { return false }
        var walk = JSONWalk(payload)
        guard walk.peek == UInt8(ascii: "{") else { return false }
        root.add(&walk, depth: 0)
        objectCount += 1
        return true
    }

    /// The schema so far. Where it has too many fields, objects with fewer members are maps or json too.
    public func schema() throws(ParquetError) -> ShreddedSchema {
        let reserved = Set(RawTable.kafkaFields(prefix: "_").map(\.name) + [ShreddedSchema.rest])
        func schema(_ membersMax: Int) throws(ParquetError) -> ShreddedSchema {
            try ShreddedSchema(root.fields(membersMax).filter { !reserved.contains($0.name) })
        }
        for membersMax in [Self.membersMax, 50, 10] {
            if let schema = try? schema(membersMax) { return schema }
        }
        return try schema(0)
    }
}

/// What was seen at one place of all payloads.
private final class Seen {
    private struct Scalars: OptionSet {
        var rawValue: UInt16

        static let boolean = Scalars(rawValue: 1)
        static let integer = Scalars(rawValue: 2)
        static let double = Scalars(rawValue: 4)
        static let hugeInteger = Scalars(rawValue: 8)
        static let timestamp = Scalars(rawValue: 16)
        static let date = Scalars(rawValue: 32)
        static let uuid = Scalars(rawValue: 64)
        static let text = Scalars(rawValue: 128)
    }

    /// One for the whole tree.
    final class Tally {
        var places = 0
    }

    let tally: Tally
    private var scalars: Scalars = []
    private var isObject = false
    private var members: [(name: String, seen: Seen)] = []
    private var places: [String: Int] = [:]
    private var element: Seen?

    init(_ tally: Tally) {
        self.tally = tally
        tally.places += 1
    }

    func add(_ walk: inout JSONWalk, depth: Int) {
        let isContainer = walk.peek == UInt8(ascii: "{") || walk.peek == UInt8(ascii: "[")
        if isContainer, depth >= ShreddedSchema.depthMax {
            // Deeper than a schema goes: json, as everything of two kinds is.
            isObject = true
            scalars.insert(.text)
            _ = walk.value()
            return
        }
        switch walk.peek {
        case UInt8(ascii: "{"): addObject(&walk, depth)
        case UInt8(ascii: "["):
            let element = element ?? Seen(tally)
            self.element = element
            walk.forEachElement { element.add(&$0, depth: depth + 1) }
        case UInt8(ascii: "\""): scalars.insert(Self.kind(walk.string()))
        default: addScalar(walk.scalar())
        }
    }

    private func addObject(_ walk: inout JSONWalk, _ depth: Int) {
        isObject = true
        walk.forEachMember { walk, name in
            if let place = places[name] {
                members[place].seen.add(&walk, depth: depth + 1)
            } else {
                // A table of users by id must not grow for ever, nor one below another.
                guard members.count < SchemaInference.membersMax * 5, tally.places < SchemaInference.placesMax else {
                    _ = walk.value()
                    return
                }
                let seen = Seen(tally)
                seen.add(&walk, depth: depth + 1)
                places[name] = members.count
                members.append((name, seen))
            }
        }
    }

    private func addScalar(_ text: UnsafeRawBufferPointer) {
        switch text.first {
        case UInt8(ascii: "t"), UInt8(ascii: "f"): scalars.insert(.boolean)
        case UInt8(ascii: "n"), nil: break
        default:
            let isInteger = !text.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
            scalars.insert(!isInteger ? .double : Int64(decimal: text) == nil ? .hugeInteger : .integer)
        }
    }

    private static func kind(_ text: UnsafeRawBufferPointer) -> Scalars {
        var shape = text.prefix(36).map { byte -> UInt8 in
            switch byte {
            case 48...57: UInt8(ascii: "0")
            case 97...102: UInt8(ascii: "a")
            default: byte
            }
        }
        if text.count == 36, shape.indices.allSatisfy({ [8, 13, 18, 23].contains($0) == (shape[$0] == 45) }) {
            shape.removeAll { $0 == 45 }
            return shape.allSatisfy { $0 == 48 || $0 == 97 } ? .uuid : .text
        }
        if shape.elementsEqual("0000-00-00".utf8) { return .date }
        let start = "0000-00-00T00:00:00".utf8
        guard text.count <= 32, shape.starts(with: start), shape.last == UInt8(ascii: "Z") else { return .text }
        let fraction = shape.dropFirst(start.count).dropLast()
        let isFraction = fraction.isEmpty || fraction.first == 46 && (2...7).contains(fraction.count)
        return isFraction && fraction.dropFirst().allSatisfy { $0 == 48 } ? .timestamp : .text
    }

    /// The fields of an object, those that had a value; a member whose name is empty has no column.
    func fields(_ membersMax: Int) -> [ShreddedField] {
        members.compactMap { member in
            member.name.isEmpty ? nil : member.seen.type(membersMax).map { ShreddedField(member.name, $0) }
        }
    }

    /// Nil where only nulls were seen.
    private func type(_ membersMax: Int) -> ShreddedType? {
        let kinds = [isObject, element != nil, !scalars.isEmpty].filter(\.self).count
        guard kinds == 1 else { return kinds == 0 ? nil : .json }
        if let element { return element.type(membersMax).map { .list($0) } ?? .json }
        return isObject ? objectType(membersMax) : scalarType
    }

    private func objectType(_ membersMax: Int) -> ShreddedType {
        let fields = fields(membersMax)
        guard fields.count > membersMax else { return fields.isEmpty ? .json : .structure(fields) }
        let value = fields.dropFirst().reduce(fields[0].type) { $0.widened(to: $1.type) }
        return value == .json ? .json : .map(value)
    }

    private var scalarType: ShreddedType {
        let numbers: Scalars = [.integer, .double]
        let texts: Scalars = [.timestamp, .date, .uuid, .text]
        switch scalars {
        case .boolean: return .boolean
        case .integer: return .int64
        case .timestamp: return .timestamp
        case .date: return .date
        case .uuid: return .uuid
        default:
            if scalars.isSubset(of: numbers) { return .double }
            return scalars.isSubset(of: texts) ? .string : .json
        }
    }
}
