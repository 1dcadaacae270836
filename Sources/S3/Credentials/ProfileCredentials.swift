/// Credentials of a profile in AWS's shared files: keys, or a role assumed with another profile or source.
struct ProfileCredentials: CredentialsProvider {
    let tools: CredentialsTools
    /// Nil for `AWS_PROFILE`, and `default` where that is not set.
    var name: String?

    func credentials() async throws(CredentialsError) -> Credentials {
        let file = tools.profileFile()
        let asked = name ?? tools.environment.setValue("AWS_PROFILE")
        let profile = asked ?? "default"
        guard file.profiles[profile] != nil else {
            if let asked {
                throw CredentialsError(.invalid, "profile \(asked.plain(max: 64)) is not in the shared files of AWS")
            }
            throw CredentialsError(.notConfigured, "the shared files of AWS have no profile")
        }
        return try await provider(for: profile, in: file, seen: []).credentials()
    }

    func discard(_ credentials: Credentials) async {}

    private static let chainMax = 5

    /// Follows `source_profile` from role to role; a profile that names itself stands for its own keys.
    private func provider(for profile: String, in file: ProfileFile, seen: [String])
        throws(CredentialsError) -> any CredentialsProvider
    {
        guard let section = file.profiles[profile] else {
            throw CredentialsError(.invalid, "source_profile \(profile.plain(max: 64)) does not exist")
        }
        guard let arn = section["role_arn"], seen.last != profile else {
            return StaticCredentials(try keys(of: section, profile))
        }
        guard !seen.contains(profile), seen.count < Self.chainMax else {
            throw CredentialsError(.invalid, "the source_profile chain of \(profile.plain(max: 64)) does not end")
        }
        var role = AssumedRole(arn: arn, externalID: section["external_id"])
        if let session = section["role_session_name"] { role.sessionName = session }
        role.duration = section["duration_seconds"].flatMap { Int($0) }.map { .seconds($0) }
        let service = tools.tokenService(region: section["region"])
        if let tokenFile = section["web_identity_token_file"] {
            return WebIdentityCredentials(role: role, tokenFile: tokenFile, files: tools.files, service: service)
        }
        let source: any CredentialsProvider
        if let parent = section["source_profile"] {
            source = try provider(for: parent, in: file, seen: seen + [profile])
        } else {
            source = try self.source(named: section["credential_source"], profile)
        }
        return AssumeRoleCredentials(role: role, source: source, service: service)
    }

    private func source(named name: String?, _ profile: String) throws(CredentialsError) -> any CredentialsProvider {
        switch name {
        case "Environment": return EnvironmentCredentials(tools.environment)
        case "EcsContainer": return tools.container
        case "Ec2InstanceMetadata": return tools.instance
        default:
            throw CredentialsError(
                .invalid, "profile \(profile.plain(max: 64)) has a role_arn but no usable source of credentials")
        }
    }

    private func keys(of section: ProfileFile.Section, _ profile: String) throws(CredentialsError) -> Credentials {
        if let key = section["aws_access_key_id"], let secret = section["aws_secret_access_key"] {
            return Credentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: section["aws_session_token"])
        }
        let name = profile.plain(max: 64)
        if section["credential_process"] != nil {
            throw CredentialsError(
                .invalid, "profile \(name) uses credential_process, which varve does not run; export its keys instead")
        }
        if section.keys.contains(where: { $0.hasPrefix("sso_") }) {
            throw CredentialsError(
                .invalid, "profile \(name) uses sso; run `aws configure export-credentials` and set its variables")
        }
        throw CredentialsError(.notConfigured, "profile \(name) holds no keys")
    }
}
