import Foundation
import LakeModel

/// Reads and writes the catalog's control files: one JSON object with sorted keys and a newline.
///
/// The same value gives the same bytes, so that golden files can be compared byte for byte.
enum CatalogJSON {
    static func encode(_ value: some Encodable) throws(CatalogError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(value)) + [UInt8(ascii: "\n")]
        } catch {
            throw .invalid("cannot be written as JSON: \(reason(error))")
        }
    }

    /// Reads one file, looking at its `format` first: a file of a newer format is not corrupt.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], format newest: Int, place: String
    ) throws(CatalogError) -> Value {
        let data = Data(bytes)
        do {
            let stated = try JSONDecoder().decode(FormatField.self, from: data).format
            guard stated <= newest else { throw CatalogError.newerFormat(place: place, format: stated) }
            guard stated >= 1 else { throw CatalogError.corrupt(place: place, reason: "it has format \(stated)") }
            return try JSONDecoder().decode(type, from: data)
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .corrupt(place: place, reason: reason(error))
        }
    }

    /// Reads one line of a file whose format is known already.
    static func decodeLine<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], place: String
    ) throws(CatalogError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw .corrupt(place: place, reason: reason(error))
        }
    }

    private struct FormatField: Decodable {
        var format: Int
    }

    /// The short story of a coding error, without the value that caused it beyond what our own types quote.
    static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "not readable as JSON" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(path(context.codingPath)) has the wrong type"
        case .dataCorrupted(let context):
            guard !context.codingPath.isEmpty else { return "not readable as JSON" }
            return "\(path(context.codingPath)): \(firstLine(context.debugDescription))"
        @unknown default:
            return "not readable as JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }

    private static func firstLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).first ?? "not readable as JSON"
        return String(line.prefix(160)).filter { !$0.unicodeScalars.contains { $0.value < 0x20 } }
    }
}
