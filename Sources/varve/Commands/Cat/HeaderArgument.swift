import ArgumentParser
import Formats

/// A header on the command line: `name`, or `name=value`.
struct HeaderArgument: Hashable, Sendable, ExpressibleByArgument {
    var name: String
    var value: String?

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, !first.isEmpty else { return nil }
        (name, value) = (first, parts.count > 1 ? parts[1] : nil)
    }

    func matches(_ header: StoredEvent.Header) -> Bool {
        guard header.name.elementsEqual(name.utf8) else { return false }
        guard let value else { return true }
        return header.value.map { $0.elementsEqual(value.utf8) } ?? false
    }
}

/// A trace's id on the command line: 32 hex digits, or a whole traceparent.
struct TraceArgument: Hashable, Sendable, ExpressibleByArgument {
    var id: String

    init?(argument: String) {
        let text = argument.lowercased()
        if let whole = TraceParent(Array(text.utf8)) {
            id = whole.traceID
        } else if let whole = TraceParent(Array("00-\(text)-0000000000000001-00".utf8)) {
            id = whole.traceID
        } else {
            return nil
        }
    }
}

/// The header `traceparent` (W3C Trace Context, section 3.2): `00-<32 hex digits>-<16>-<2>`, of a later version with
/// more behind it.
struct TraceParent: Hashable, Sendable {
    var traceID: String

    /// Nil where it is not valid: capitals, all zeros, the version ff.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 55, bytes.count < 1000 else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, zip(parts, [2, 32, 16, 2]).allSatisfy({ $0.count == $1 }) else { return nil }
        let isHex = parts.prefix(4).allSatisfy { part in
            part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
        let version = String(decoding: parts[0], as: UTF8.self)
        guard isHex, version != "ff", version != "00" || bytes.count == 55,
            parts[1].contains(where: { $0 != 0x30 }), parts[2].contains(where: { $0 != 0x30 })
        else { return nil }
        traceID = String(decoding: parts[1], as: UTF8.self)
    }
}
