import LakeModel

/// The rules of the contract that a store checks before it does anything, the same for every member.
extension PutOptions {
    /// Throws `.invalid` where a value could not travel in an HTTP header as it is: a metadata name that is not a
    /// lower-case token (RFC 9110, section 5.6.2), a value that is not printable ASCII.
    public func validate(operation: String, key: ObjectKey) throws(StoreError) {
        func refuse(_ message: String) -> StoreError {
            StoreError(.invalid, operation: operation, key: key.description, message: message)
        }
        for (name, value) in metadata {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isLowerCaseToken) else {
                throw refuse("metadata names are lower-case tokens such as writer-id; use another name")
            }
            guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw refuse("the value of metadata \(name) is not printable ASCII; encode it first")
            }
        }
        let metadataBytes = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard metadataBytes <= Self.metadataBytesMax else {
            throw refuse("\(metadataBytes) bytes of metadata; at most \(Self.metadataBytesMax) travel with an object")
        }
        for text in [contentType, storageClass].compactMap(\.self)
        where !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw refuse("content type and storage class are printable ASCII")
        }
    }

    /// Throws `.corrupt` where the options bring a checksum and the bytes have another.
    func verifyChecksum(of body: ObjectBody, operation: String, key: ObjectKey) throws(StoreError) {
        guard let checksum, Checksum(checksum.algorithm, of: body.chunks) != checksum else { return }
        throw StoreError(
            .corrupt, operation: operation, key: key.description,
            message: "the bytes do not match their \(checksum.algorithm.rawValue) checksum; send them again")
    }

    /// What S3 takes in all `x-amz-meta-` headers together.
    public static let metadataBytesMax = 2048

    private static func isLowerCaseToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.!#$&'*+^`|~".utf8.contains(byte)
        }
    }
}

extension ByteRange {
    /// The bytes of an object of `objectBytes` that the range names, never empty.
    ///
    /// Throws `.invalid` where the range is malformed or none of it lies in the object, as S3's 416 does.
    public func resolve(objectBytes: Int64, operation: String, key: ObjectKey) throws(StoreError) -> Range<Int64> {
        switch self {
        case .from(let offset, let count) where offset >= 0 && count > 0 && offset < objectBytes:
            return offset..<(count < objectBytes - offset ? offset + count : objectBytes)
        case .suffix(let count) where count > 0 && objectBytes > 0:
            return max(0, objectBytes - count)..<objectBytes
        default:
            throw StoreError(
                .invalid, operation: operation, key: key.description,
                message: "the range \(self) names no byte of an object of \(objectBytes) bytes")
        }
    }
}

/// The largest number of keys in one `delete` and on one page of `list`.
public let keysPerRequestMax = 1000

/// What S3 takes: parts are numbered 1 to 10,000.
public let partNumberMax = 10_000

/// Checks the parts of a completion against those that the store holds, and returns the stored ones in order.
///
/// Throws `.invalid` where they are none, out of order, unknown, changed since, or too small to be a middle part.
func matchParts<Stored>(
    _ parts: [UploadedPart], with stored: [Int: Stored], tag: (Stored) -> EntityTag, bytes: (Stored) -> Int64,
    bytesLeast: Int = partBytesMin, operation: String, key: ObjectKey
) throws(StoreError) -> [Stored] {
    func refuse(_ message: String) -> StoreError {
        StoreError(.invalid, operation: operation, key: key.description, message: message)
    }
    guard !parts.isEmpty else { throw refuse("an upload needs at least one part; abort it instead") }
    var matched: [Stored] = []
    for (index, part) in parts.enumerated() {
        guard index == 0 || parts[index - 1].number < part.number else {
            throw refuse("parts are not in ascending order at number \(part.number)")
        }
        guard let held = stored[part.number], tag(held) == part.tag else {
            throw refuse("part \(part.number) is unknown or was put again since; list the parts and complete anew")
        }
        guard index == parts.count - 1 || bytes(held) >= bytesLeast else {
            throw refuse("part \(part.number) has \(bytes(held)) bytes; all but the last need \(bytesLeast)")
        }
        matched.append(held)
    }
    return matched
}
