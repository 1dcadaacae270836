internal import FoundationEssentials
internal import LakeModel

/// The JSON that container and instance endpoints answer with.
struct CredentialsDocument: Decodable {
    var code: String?
    var accessKeyID: String?
    var secretAccessKey: String?
    var token: String?
    var expiration: String?

    enum CodingKeys: String, CodingKey {
        case code = "Code"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }

    static func parse(_ body: [UInt8], from source: String) throws(CredentialsError) -> Credentials {
        guard let document = try? JSONDecoder().decode(CredentialsDocument.self, from: Data(body)) else {
            throw CredentialsError(.unavailable, "\(source): the answer is not the JSON of credentials")
        }
        if let code = document.code, code != "Success" {
            throw CredentialsError(.unavailable, "\(source): \(code.plain(max: 64))")
        }
        guard let key = document.accessKeyID, let secret = document.secretAccessKey, !key.isEmpty, !secret.isEmpty
        else { throw CredentialsError(.unavailable, "\(source): the answer holds no credentials") }
        return Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: document.token,
            expiresAt: document.expiration.flatMap { Timestamp($0) })
    }
}
