internal import CCrypto

/// SHA-256 of bytes that come in pieces, by libcrypto.
public struct SHA256: ~Copyable {
    // EVP_MD_CTX is owned: made in init, freed in deinit (EVP_DigestInit(3)).
    private let context: OpaquePointer?

    public init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The 32 bytes of the digest.
    public consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // EVP_DigestFinal_ex writes EVP_MD_size bytes: 32 for SHA-256.
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }

    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        hash(chunks: CollectionOfOne(bytes))
    }

    public static func hash(chunks: some Sequence<[UInt8]>) -> [UInt8] {
        var digest = SHA256()
        for chunk in chunks { chunk.withUnsafeBytes { digest.update($0) } }
        return digest.finalize()
    }
}

/// HMAC-SHA-256 (RFC 2104) in one call.
public func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 32)
    // HMAC(3) writes EVP_MD_size bytes: 32 for SHA-256.
    _ = HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, nil)
    return code
}

/// MD5 in one call: for `Content-MD5` and entity tags of multipart uploads, which prescribe it; never for secrecy.
public func md5(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 16)
    // EVP_Digest writes EVP_MD_size bytes: 16 for MD5.
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_md5(), nil)
    return digest
}
