public import Catalog
import Foundation
public import LakeModel
import ObjectStorage

/// The proof of an erasure: what was asked, what was found, what became of it, signed. Holds no value that was asked
/// for, only a salted hash of all of them. Schema: `schemas/erasure-certificate.v1.json`.
public struct ErasureCertificate: Hashable, Sendable, Codable {
    public static let currentFormat = 1

    public struct Signature: Hashable, Sendable, Codable {
        /// `ed25519` or `hmac-sha256`.
        public var algorithm: String
        /// Of `ed25519`, in hex: only a reader who knows it from elsewhere is sure who signed.
        public var publicKey: String?
        /// In hex, of the certificate's JSON with sorted keys and without this member.
        public var value: String

        enum CodingKeys: String, CodingKey {
            case algorithm
            case publicKey = "public_key"
            case value
        }
    }

    public var format = Self.currentFormat
    public var table: String
    /// Stands in the reason of each commit of the erasure.
    public var request: CommitID
    /// The field that was compared.
    public var field: String
    public var values: Int
    /// 16 bytes in hex, different for each certificate.
    public var salt: String
    /// SHA-256 in hex of the salt and of each value, sorted, with its length before it.
    public var valuesHash: String
    public var startedAt: Timestamp
    public var finishedAt: Timestamp
    /// Version of the snapshot in which nothing was left but what is `held`.
    public var version: Int64
    /// Of `version` only what the table had at this version was looked through, as writers kept adding matches: what
    /// later commits brought is not its matter. Absent where that is nothing.
    public var throughVersion: Int64?
    public var eventsExamined: Int64
    public var objectsExamined: Int64
    /// Objects whose bounds or Bloom filters left no room for the values; absent where every object was read.
    public var objectsRuledOut: Int64?
    /// Events whose payload could not be looked into.
    public var unreadable: Int64
    public var eventsErased: Int64
    public var objects: [ErasureReport.ErasedObject]
    public var commits: [ErasureReport.CommitNote]
    public var held: [ErasureReport.ErasedObject]
    /// What could not be looked into; absent for none.
    public var unread: [ErasureReport.UnreadObject]?
    /// By then the replaced objects are deleted.
    public var bytesGoneBy: Timestamp
    /// By then older copies are deleted too, in their own grace: objects that others had rewritten before, those that
    /// no commit added, and log entries that tell bounds of texts in what was erased from.
    public var olderCopiesGoneBy: Timestamp
    public var writer: WriterIdentity
    public var signature: Signature?

    enum CodingKeys: String, CodingKey {
        case format, table, request, field, values, salt
        case valuesHash = "values_hash"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case version
        case throughVersion = "through_version"
        case eventsExamined = "events_examined"
        case objectsExamined = "objects_examined"
        case objectsRuledOut = "objects_ruled_out"
        case unreadable
        case eventsErased = "events_erased"
        case objects, commits, held, unread
        case bytesGoneBy = "bytes_gone_by"
        case olderCopiesGoneBy = "older_copies_gone_by"
        case writer, signature
    }

    /// - `salt`: random.
    /// - `grace`, `olderGrace`: how long replaced objects stay, and older copies (`VacuumPolicy.olderCopiesAfter`).
    /// - `boundsGrace`: how long the catalog's log keeps bounds of what was in them (`VacuumPolicy.logAfter`).
    public init(
        table: TableName, request: ErasureRequest, report: ErasureReport, writer: WriterIdentity, salt: CommitID,
        grace: Duration, olderGrace: Duration, boundsGrace: Duration = .zero
    ) {
        (self.table, self.request, field) = (table.description, report.id, request.fieldText)
        (values, self.salt) = (request.values.count, salt.description)
        valuesHash = Self.hash(request.values, salt: salt.description)
        (startedAt, finishedAt) = (report.startedAt, report.finishedAt)
        (version, throughVersion) = (report.version, report.through)
        (eventsExamined, objectsExamined) = (report.eventsExamined, report.objectsExamined)
        let ruledOut = report.objectsPassedOver + report.objectsFiltered
        objectsRuledOut = ruledOut > 0 ? ruledOut : nil
        (unreadable, eventsErased) = (report.unreadable, report.events)
        (objects, commits, held) = (report.objects, report.commits, report.held)
        unread = report.unread.isEmpty ? nil : report.unread
        bytesGoneBy = report.finishedAt.advanced(byMilliseconds: grace.inMilliseconds)
        olderCopiesGoneBy = report.finishedAt.advanced(
            byMilliseconds: max(grace, olderGrace, report.leavesBounds ? boundsGrace : .zero).inMilliseconds)
        self.writer = writer
    }

    /// The hash that a certificate has for these values.
    public static func hash(_ values: Set<[UInt8]>, salt: String) -> String {
        var digest = SHA256()
        Array(salt.utf8).withUnsafeBytes { digest.update($0) }
        for value in values.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            Array("\(value.count):".utf8).withUnsafeBytes { digest.update($0) }
            value.withUnsafeBytes { digest.update($0) }
        }
        return hexText(digest.finalize())
    }

    /// JSON with sorted keys: the same certificate gives the same bytes.
    public func encoded(pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return try Array(encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    public static func decode(_ bytes: [UInt8]) throws(MaintenanceError) -> ErasureCertificate {
        do {
            let certificate = try JSONDecoder().decode(ErasureCertificate.self, from: Data(bytes))
            guard certificate.format <= currentFormat else {
                throw MaintenanceError.invalid("the certificate is of a newer format; upgrade varve")
            }
            guard certificate.version >= 0, certificate.commits.allSatisfy({ $0.version >= 1 }),
                (0...certificate.version).contains(certificate.throughVersion ?? 0)
            else {
                throw MaintenanceError.invalid("the certificate names a version that no table has")
            }
            // What is not read is not signed either.
            let (read, given) = (Data(try certificate.encoded()), Data(bytes))
            guard let read = try JSONSerialization.jsonObject(with: read) as? NSDictionary,
                let given = try JSONSerialization.jsonObject(with: given) as? NSDictionary, read == given
            else { throw MaintenanceError.invalid("the certificate holds what no signature covers") }
            return certificate
        } catch let error as MaintenanceError {
            throw error
        } catch {
            throw .invalid("this is no certificate of an erasure by varve")
        }
    }

    fileprivate var signedBytes: [UInt8] {
        get throws {
            var unsigned = self
            unsigned.signature = nil
            return try unsigned.encoded()
        }
    }
}

/// What signs certificates, and checks them.
public enum CertificateKey: Hashable, Sendable {
    /// The 32 bytes of an Ed25519 private key (RFC 8032).
    case ed25519(seed: [UInt8])
    /// Only the public half: it can check, not sign.
    case ed25519Public([UInt8])
    case hmac([UInt8])

    public var canSign: Bool {
        if case .ed25519Public = self { false } else { true }
    }

    /// Reads `ed25519:BASE64`, `ed25519-public:HEX`, `hmac-sha256:BASE64`; nil for anything else, and for keys that are
    /// too short.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = String(text[text.index(after: colon)...])
        let decoded = Data(base64Encoded: rest).map { Array($0) } ?? []
        switch text[..<colon] {
        case "ed25519" where decoded.count == Ed25519PrivateKey.keyBytes: self = .ed25519(seed: decoded)
        case "hmac-sha256" where decoded.count >= 16: self = .hmac(decoded)
        case "ed25519-public":
            guard let key = bytes(fromHex: rest), key.count == Ed25519PrivateKey.keyBytes else { return nil }
            self = .ed25519Public(key)
        default: return nil
        }
    }
}

extension ErasureCertificate {
    /// Signs, in place of an earlier signature.
    public mutating func sign(with key: CertificateKey) throws {
        let message = try signedBytes
        switch key {
        case .ed25519(let seed):
            guard let key = Ed25519PrivateKey(seed: seed), let value = key.sign(message) else {
                throw MaintenanceError.invalid("the signing key is not one of Ed25519")
            }
            signature = Signature(algorithm: "ed25519", publicKey: hexText(key.publicKey), value: hexText(value))
        case .hmac(let key):
            signature = Signature(
                algorithm: "hmac-sha256", publicKey: nil, value: hexText(hmacSHA256(key: key, message)))
        case .ed25519Public:
            throw MaintenanceError.invalid("a public key cannot sign")
        }
    }

    /// The public key that it names itself: shows that nothing was changed since, not who signed.
    public var ownKey: CertificateKey? { signature?.publicKey.flatMap { CertificateKey("ed25519-public:\($0)") } }

    /// What is wrong with the signature, in one line; nil where it is that of the key's owner.
    public func signatureFault(_ key: CertificateKey) throws -> String? {
        guard let signature else { return "it is not signed" }
        let message = try signedBytes
        let value = bytes(fromHex: signature.value) ?? []
        let isGood: Bool
        switch key {
        case .hmac(let key):
            guard signature.algorithm == "hmac-sha256" else { return "it is signed with \(signature.algorithm)" }
            let expected = hmacSHA256(key: key, message)
            // In constant time, so that nobody learns the code byte by byte.
            isGood = value.count == expected.count && zip(value, expected).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        case .ed25519(let seed):
            isGood = Ed25519PrivateKey.verify(
                value, of: message, publicKey: Ed25519PrivateKey(seed: seed)?.publicKey ?? [])
        case .ed25519Public(let key):
            isGood = Ed25519PrivateKey.verify(value, of: message, publicKey: key)
        }
        return isGood ? nil : "the signature does not fit the certificate and the key"
    }
}
