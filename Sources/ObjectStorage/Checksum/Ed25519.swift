internal import CCrypto

/// A private key of Ed25519 (RFC 8032), by libcrypto; its bytes are never shown.
public struct Ed25519PrivateKey: ~Copyable {
    /// Bytes of a private key, and of a public one.
    public static let keyBytes = 32
    public static let signatureBytes = 64

    // EVP_PKEY is owned: made in init, freed in deinit (EVP_PKEY_new(3)).
    private let key: OpaquePointer

    /// Nil unless `seed` is 32 bytes.
    public init?(seed: [UInt8]) {
        guard seed.count == Self.keyBytes,
            // EVP_PKEY_new_raw_private_key(3) copies the bytes.
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// The 32 bytes that others check signatures with; empty where libcrypto fails.
    public var publicKey: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.keyBytes)
        var count = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == bytes.count else { return [] }
        return bytes
    }

    /// The 64 bytes of the signature; nil where libcrypto fails.
    public func sign(_ message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Self.signatureBytes)
        var count = signature.count
        // Ed25519 has no digest of its own to choose and signs in one call (EVP_SIGNATURE-ED25519(7)).
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == signature.count
        else { return nil }
        return signature
    }

    /// Whether a signature is that of the public key's owner.
    public static func verify(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard publicKey.count == keyBytes, signature.count == signatureBytes,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
