import Formats
import LakeModel

/// Decides event by event whether it is to be erased. Belongs to one task at a time.
final class EventMatcher {
    private let request: ErasureRequest
    private let envelopes = EnvelopeReader()
    private let parser = JSONParser()
    /// Events whose payload could not be looked into.
    private(set) var unreadable: Int64 = 0
    /// Value lines, where a key or a header is compared: they carry neither.
    private(set) var keyless: Int64 = 0
    /// Whether some event had the field or header that is compared, with whatever value.
    private(set) var hasMetField = false

    init(_ request: ErasureRequest) {
        self.request = request
    }

    func matches(_ row: StoredRow) throws -> Bool {
        guard row.front != nil else {
            guard case .value(let pointer) = request.field else {
                keyless += 1
                return false
            }
            return matches(payload: row.line, pointer)
        }
        let event: StoredEvent
        do {
            event = try envelopes.read(row.line)
        } catch {
            // A line that this program did not write: look for the bytes.
            unreadable += 1
            return request.searchesRaw && contains(row.line)
        }
        switch request.field {
        case .key:
            hasMetField = true
            return event.key.map(request.values.contains) ?? false
        case .header(let name):
            return event.headers.contains { header in
                guard header.name.elementsEqual(name.utf8) else { return false }
                hasMetField = true
                return header.value.map(request.values.contains) ?? false
            }
        case .value(let pointer):
            return event.value?.withUnsafeBytes { matches(payload: $0, pointer) } ?? false
        }
    }

    private func matches(payload: UnsafeRawBufferPointer, _ pointer: JSONPointer) -> Bool {
        guard parser.parse(payload).isValid else {
            unreadable += 1
            return request.searchesRaw && contains(payload)
        }
        return parser.contains(at: pointer) { found in
            hasMetField = true
            return request.sought.contain(found)
        }
    }

    private func contains(_ bytes: UnsafeRawBufferPointer) -> Bool {
        request.values.contains { value in
            guard value.count <= bytes.count, let first = value.first else { return false }
            for start in 0...(bytes.count - value.count) where bytes[start] == first {
                if UnsafeRawBufferPointer(rebasing: bytes[start...]).begins(with: value) { return true }
            }
            return false
        }
    }
}
