internal import FoundationEssentials
internal import LakeModel

/// The JSON that container and instance endpoints answer with.
struct CredentialsDocument: Decodable {
    var Code: String?
    var Message: String?
    var AccessKeyId: String?
    var SecretAccessKey: String?
    var Token: String?
    var Expiration: String?

    static func parse(_ body: [UInt8], from source: String) throws(CredentialsError) -> Credentials {
        guard let document = try? JSONDecoder().decode(CredentialsDocument.self, from: Data(body)) else {
            throw CredentialsError(.unavailable, "\(source): the answer is not the JSON of credentials")
        }
        if let code = document.Code, code != "Success" {
            throw CredentialsError(.unavailable, "\(source): \(code.plain(max: 64))")
        }
        guard let key = document.AccessKeyId, let secret = document.SecretAccessKey, !key.isEmpty, !secret.isEmpty
        else { throw CredentialsError(.unavailable, "\(source): the answer holds no credentials") }
        return Credentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: document.Token,
            expiresAt: document.Expiration.flatMap { Timestamp($0) })
    }
}
