import Synchronization

/// Knows the secrets of this process by value and replaces them wherever they are about to be written.
///
/// A secret is found as it is and as it travels: percent-encoded, as a form field, in base64 and base64url (at each of
/// the three alignments, so also inside `user:password`), and as a JSON string.
public final class SecretRegistry: Sendable {
    /// What stands in place of a secret.
    public static let mask = "***"
    /// Shorter secrets are not masked: they would be "found" in ordinary words.
    public static let secretBytesMin = 4
    /// A shorter piece of base64 would be found in ordinary words.
    private static let base64BytesMin = 7

    private struct State {
        /// By their first byte, the longest first.
        var forms: [UInt8: [[UInt8]]] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Masks `secret` from now on, in everything that goes through `masked`.
    public func add(_ secret: String) {
        let bytes = Array(secret.utf8)
        guard bytes.count >= Self.secretBytesMin else { return }
        let forms = Self.forms(of: bytes)
        state.withLock { state in
            for form in forms {
                guard let first = form.first, state.forms[first]?.contains(form) != true else { continue }
                state.forms[first, default: []].append(form)
                state.forms[first]?.sort { $0.count > $1.count }
            }
        }
    }

    /// `text` with every known secret replaced.
    public func masked(_ text: String) -> String {
        let forms = state.withLock { $0.forms }
        guard !forms.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        var isChanged = false
        while index < bytes.count {
            let form = forms[bytes[index]]?.first { bytes[index...].starts(with: $0) }
            if let form {
                result += Self.mask.utf8
                index += form.count
                isChanged = true
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return isChanged ? String(decoding: result, as: UTF8.self) : text
    }

    private static func forms(of secret: [UInt8]) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = [secret]
        for digits in ["0123456789ABCDEF", "0123456789abcdef"].map({ Array($0.utf8) }) {
            let percent = secret.flatMap { byte in
                isUnreserved(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
            forms.insert(percent)
            forms.insert(secret.contains(UInt8(ascii: " ")) ? replacing("%20", in: percent, by: "+") : percent)
        }
        forms.insert(Array(LogText.jsonEscaped(String(decoding: secret, as: UTF8.self)).utf8))
        for offset in 0..<3 {
            let encoded = base64Core(of: secret, offset: offset)
            guard encoded.count >= base64BytesMin else { continue }
            forms.insert(encoded)
            forms.insert(
                encoded.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                })
        }
        return forms
    }

    /// RFC 3986, section 2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    private static func replacing(_ old: String, in bytes: [UInt8], by new: String) -> [UInt8] {
        let old = Array(old.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: old) {
                result += new.utf8
                index += old.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// The digits of base64 that depend on the secret alone, where `offset` other bytes (modulo 3) come before it.
    private static func base64Core(of secret: [UInt8], offset: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let firstDigit = (offset * 8 + 5) / 6
        let endDigit = (offset + secret.count) * 8 / 6
        func bit(_ index: Int) -> UInt8 {
            let inSecret = index - offset * 8
            return secret[inSecret / 8] >> (7 - inSecret % 8) & 1
        }
        return (firstDigit..<max(firstDigit, endDigit)).map { digit in
            alphabet[Int((0..<6).reduce(0 as UInt8) { $0 << 1 | bit(digit * 6 + $1) })]
        }
    }
}
