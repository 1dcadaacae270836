internal import Compression
internal import LakeModel

/// A payload that is put together again from columns and `_rest`: for reading rows back, one at a time.
indirect enum JSONTree {
    /// A value as it is written.
    case text([UInt8])
    case array([JSONTree])
    case object(Members)

    struct Member {
        /// Without escapes.
        var name: [UInt8]
        var value: JSONTree
    }

    /// In order; a name may come twice.
    struct Members {
        private(set) var all: [Member]
        /// Where each name is first, once there are many.
        private var places: [[UInt8]: Int]?

        init(_ all: [Member] = []) {
            self.all = all
        }

        mutating func firstPlace(of name: [UInt8]) -> Int? {
            guard all.count >= 32 else { return all.firstIndex { $0.name == name } }
            if places == nil {
                places = Dictionary(all.enumerated().map { ($1.name, $0) }) { first, _ in first }
            }
            return places?[name]
        }

        mutating func append(_ member: Member) {
            if places?[member.name] == nil { places?[member.name] = all.count }
            all.append(member)
        }

        subscript(place: Int) -> JSONTree {
            get { all[place].value }
            _modify { yield &all[place].value }
        }
    }

    static let null = JSONTree.text(Array("null".utf8))

    var isNull: Bool {
        if case .text(let text) = self { text.elementsEqual("null".utf8) } else { false }
    }

    /// Puts a value where a pointer of `_rest` says; what is in its way there is a null, or a member of that name,
    /// beside which it stands a second time.
    mutating func put(_ raw: [UInt8], at steps: ArraySlice<[UInt8]>) {
        guard let step = steps.first else {
            self = .text(raw)
            return
        }
        let deeper = steps.dropFirst()
        if var elements = takeElements() {
            if let index = Int(String(decoding: step, as: UTF8.self)), elements.indices.contains(index) {
                elements[index].put(raw, at: deeper)
            }
            self = .array(elements)
            return
        }
        var members = takeMembers() ?? Members()
        if let place = members.firstPlace(of: step), !deeper.isEmpty || members[place].isNull {
            members[place].put(raw, at: deeper)
        } else {
            var value = JSONTree.object(Members())
            value.put(raw, at: deeper)
            members.append(Member(name: step, value: value))
        }
        self = .object(members)
    }

    /// Moves the elements out, and leaves a null: what is held twice would be copied whole for each value that is put.
    private mutating func takeElements() -> [JSONTree]? {
        guard case .array(let elements) = self else { return nil }
        self = .null
        return elements
    }

    private mutating func takeMembers() -> Members? {
        guard case .object(let members) = self else { return nil }
        self = .null
        return members
    }

    func write(to buffer: FrameBuffer) {
        switch self {
        case .text(let bytes): bytes.withUnsafeBytes { buffer.append($0) }
        case .array(let elements):
            buffer.append(literal: "[")
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.append(literal: ",") }
                element.write(to: buffer)
            }
            buffer.append(literal: "]")
        case .object(let members):
            buffer.append(literal: "{")
            for (index, member) in members.all.enumerated() {
                buffer.append(literal: index > 0 ? ",\"" : "\"")
                member.name.withUnsafeBytes { buffer.append(escaping: $0) }
                buffer.append(literal: "\":")
                member.value.write(to: buffer)
            }
            buffer.append(literal: "}")
        }
    }

    var bytes: [UInt8] {
        let buffer = FrameBuffer(capacityBytes: 256)
        write(to: buffer)
        return [UInt8](buffer.bytes)
    }
}

extension JSONTree {
    /// Nil for null: a member that is null looks like one that is not there.
    init?(_ value: ParquetValue, _ type: ShreddedType) {
        switch (type, value) {
        case (_, .null): return nil
        case (.structure(let fields), .group(let values)):
            var members: [Member] = []
            for (field, value) in zip(fields, values) {
                guard let value = JSONTree(value, field.type) else { continue }
                members.append(Member(name: Array(field.name.utf8), value: value))
            }
            self = .object(Members(members))
        case (.list(let element), .list(let values)):
            self = .array(values.map { JSONTree($0, element) ?? .null })
        case (.map(let item), .map(let entries)):
            self = .object(
                Members(
                    entries.map { entry in
                        guard case .bytes(let name) = entry.key else { return Member(name: [], value: .null) }
                        return Member(name: name, value: JSONTree(entry.value, item) ?? .null)
                    }))
        default: self = .text(Self.scalar(value, type))
        }
    }

    private static func scalar(_ value: ParquetValue, _ type: ShreddedType) -> [UInt8] {
        switch (type, value) {
        case (_, .boolean(let value)): return Array((value ? "true" : "false").utf8)
        case (.date, .int32(let days)): return quoted("\(CalendarDay(daysSinceEpoch: days))")
        case (.timestamp, .int64(let microseconds)): return quoted(time(microseconds))
        case (_, .int32(let value)): return Array("\(value)".utf8)
        case (_, .int64(let value)): return Array("\(value)".utf8)
        case (_, .float(let value)): return number(Double(value), shortest: "\(value)", exactBelow: 0x1p24)
        case (_, .double(let value)): return number(value)
        case (.json, .bytes(let text)): return text
        case (.uuid, .bytes(let bytes)): return quoted(uuid(bytes))
        case (_, .bytes(let text)):
            let buffer = FrameBuffer(capacityBytes: text.count + 16)
            buffer.append(literal: "\"")
            text.withUnsafeBytes { buffer.append(escaping: $0) }
            buffer.append(literal: "\"")
            return [UInt8](buffer.bytes)
        case (_, .null), (_, .list), (_, .map), (_, .group): return Array("null".utf8)
        }
    }

    /// The shortest text leaves digits out that a large identifier had: those are written to the last.
    private static func number(_ value: Double, shortest: String, exactBelow limit: Double) -> [UInt8] {
        guard value.isFinite else { return Array("null".utf8) }
        guard value.magnitude >= limit, let integer = UInt64(exactly: value.magnitude) else {
            return Array(shortest.utf8)
        }
        return Array("\(value < 0 ? "-" : "")\(integer).0".utf8)
    }

    /// How a column of doubles gives a number back.
    static func number(_ value: Double) -> [UInt8] { number(value, shortest: "\(value)", exactBelow: 0x1p53) }

    private static func quoted(_ text: String) -> [UInt8] { Array("\"\(text)\"".utf8) }

    /// RFC 3339 in UTC, with as many digits behind the second as there are, and at least `digits`.
    static func time(_ microseconds: Int64, digits least: Int = 0) -> String {
        let (seconds, fraction) = (
            microseconds.flooredDivision(by: 1_000_000), microseconds.flooredRemainder(by: 1_000_000)
        )
        let whole = Timestamp(milliseconds: seconds &* 1000).description.dropLast(5)
        var digits = padded(fraction, 6)
        while digits.count > least, digits.hasSuffix("0") { digits.removeLast() }
        return digits.isEmpty ? "\(whole)Z" : "\(whole).\(digits)Z"
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }
        return text
    }
}
