public import LakeModel

/// Computes a `Checksum` of bytes that come in pieces.
public struct ChecksumBuilder: ~Copyable {
    private enum State: ~Copyable {
        case crc32c(CRC32C)
        case crc64nvme(CRC64NVME)
        case sha256(SHA256)

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            switch consume self {
            case .crc32c(var crc):
                crc.update(bytes)
                self = .crc32c(crc)
            case .crc64nvme(var crc):
                crc.update(bytes)
                self = .crc64nvme(crc)
            case .sha256(var digest):
                digest.update(bytes)
                self = .sha256(digest)
            }
        }
    }

    public let algorithm: Checksum.Algorithm
    private var state: State

    public init(_ algorithm: Checksum.Algorithm) {
        self.algorithm = algorithm
        state =
            switch algorithm {
            case .crc32c: .crc32c(CRC32C())
            case .crc64nvme: .crc64nvme(CRC64NVME())
            case .sha256: .sha256(SHA256())
            }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bytes)
    }

    public consuming func finalize() -> Checksum {
        let algorithm = algorithm
        switch consume state {
        case .crc32c(let crc): return Checksum(algorithm: algorithm, bytes: crc.value.bigEndianBytes)
        case .crc64nvme(let crc): return Checksum(algorithm: algorithm, bytes: crc.value.bigEndianBytes)
        case .sha256(let digest): return Checksum(algorithm: algorithm, bytes: digest.finalize())
        }
    }
}

extension Checksum {
    /// The checksum of `chunks` one after the other.
    public init(_ algorithm: Algorithm, of chunks: some Sequence<[UInt8]>) {
        var builder = ChecksumBuilder(algorithm)
        for chunk in chunks { chunk.withUnsafeBytes { builder.update($0) } }
        self = builder.finalize()
    }

    public init(_ algorithm: Algorithm, of bytes: [UInt8]) {
        self.init(algorithm, of: CollectionOfOne(bytes))
    }

    /// From the raw bytes of a checksum, the most significant first.
    public init(algorithm: Algorithm, bytes: [UInt8]) {
        self.init(algorithm: algorithm, value: hexText(bytes))
    }

    /// The raw bytes, the most significant first; nil where `value` is not hex of the algorithm's length.
    public var bytes: [UInt8]? {
        guard let bytes = ObjectStorage.bytes(fromHex: value), bytes.count == algorithm.byteCount else { return nil }
        return bytes
    }
}

extension Checksum.Algorithm {
    /// The length of a checksum in bytes.
    public var byteCount: Int {
        switch self {
        case .crc32c: 4
        case .crc64nvme: 8
        case .sha256: 32
        }
    }
}

/// Bytes as lower-case hex.
public func hexText(_ bytes: some Collection<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { buffer in
        var index = 0
        for byte in bytes {
            buffer[index] = digits[Int(byte >> 4)]
            buffer[index + 1] = digits[Int(byte & 15)]
            index += 2
        }
        return index
    }
}

/// The bytes that `text` spells in hex, or nil where it does not.
public func bytes(fromHex text: String) -> [UInt8]? {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = digits[index], let low = digits[index + 1] else { return nil }
        bytes.append(UInt8(high << 4 | low))
    }
    return bytes
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] { Swift.withUnsafeBytes(of: bigEndian) { Array($0) } }
}
