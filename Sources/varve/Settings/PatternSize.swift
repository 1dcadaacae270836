/// How large a POSIX extended expression becomes when glibc compiles it.
///
/// `x+` and `x{2,9}` are compiled as copies of `x`, so nested ones multiply: fifty bytes of plus signs ask for 2^50
/// copies, and time grows with the square of them. Counts what would be there, and stops as soon as that is too much.
struct PatternSize {
    static let piecesMax = 1000

    private var bytes: ArraySlice<UInt8>
    /// Pieces so far in each open group.
    private var sums = [0]
    /// Pieces of what a quantifier would repeat.
    private var last = 0
    private var endsInQuantifier = false

    private init(_ pattern: String) { bytes = Array(pattern.utf8)[...] }

    /// Whether the expression is small enough, closes no group that it did not open, and repeats no repetition.
    static func isBounded(_ pattern: String) -> Bool {
        var size = PatternSize(pattern)
        while let byte = size.bytes.popFirst() {
            let isQuantifier = "+*?{".utf8.contains(byte)
            // POSIX leaves open what one quantifier after another means (1003.1, 9.4.6), and glibc nests them.
            if isQuantifier, size.endsInQuantifier { return false }
            size.endsInQuantifier = isQuantifier
            size.take(byte)
            guard size.last <= piecesMax, size.sums.allSatisfy({ $0 <= piecesMax }) else { return false }
        }
        return true
    }

    private mutating func take(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"):
            _ = bytes.popFirst()
            add(1)
        case UInt8(ascii: "["):
            skipBracket()
            add(1)
        case UInt8(ascii: "("):
            sums.append(0)
            last = 0
        case UInt8(ascii: ")"):
            // One that nothing opened would close the group that makes the expression match whole names.
            add(sums.count > 1 ? 1 + sums.removeLast() : Self.piecesMax + 1)
        case UInt8(ascii: "+"):
            repeatLast(2)
        case UInt8(ascii: "{"):
            repeatLast(interval())
        case UInt8(ascii: "*"), UInt8(ascii: "?"):
            // A choice between it and nothing.
            (last, sums[sums.count - 1]) = (last + 1, sums[sums.count - 1] + 1)
        default:
            add(1)
        }
    }

    private mutating func add(_ pieces: Int) {
        last = pieces
        sums[sums.count - 1] += pieces
    }

    private mutating func repeatLast(_ times: Int) {
        guard times > 1 else { return }
        sums[sums.count - 1] += last * (times - 1)
        last *= times
    }

    /// The greatest number of copies that `{n}`, `{n,}` or `{n,m}` asks for.
    private mutating func interval() -> Int {
        var numbers = [0]
        while let byte = bytes.popFirst(), byte != UInt8(ascii: "}") {
            if byte == UInt8(ascii: ",") {
                numbers.append(0)
            } else if (0x30...0x39).contains(byte) {
                numbers[numbers.count - 1] = min(numbers[numbers.count - 1] * 10 + Int(byte - 0x30), Self.piecesMax)
            }
        }
        return 1 + (numbers.max() ?? 0)
    }

    /// A bracket's first `]` stands for itself.
    private mutating func skipBracket() {
        if bytes.first == UInt8(ascii: "^") { bytes.removeFirst() }
        if bytes.first == UInt8(ascii: "]") { bytes.removeFirst() }
        while let byte = bytes.popFirst(), byte != UInt8(ascii: "]") {
            // `[:alpha:]`, `[.x.]` and `[=x=]` have a `]` of their own.
            guard byte == UInt8(ascii: "["), let kind = bytes.first, ":.=".utf8.contains(kind) else { continue }
            bytes.removeFirst()
            while let inner = bytes.popFirst(), inner != kind || bytes.first != UInt8(ascii: "]") {}
            bytes = bytes.dropFirst()
        }
    }
}
