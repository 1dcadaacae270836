internal import LakeModel

/// What an error answer says, from its body and headers.
struct S3ErrorBody: Sendable {
    var status: Int
    var code: String
    var message: String
    var region: String?
    /// Host to which a redirect points, with its scheme where it gave one.
    var redirect: (scheme: String?, authority: String)?
    var serverTime: Timestamp?
    var retryAfter: Duration?

    init(_ response: HTTPResponse) {
        status = response.status
        let root = try? XMLElement(parsing: response.body.droppingLeadingSpace)
        let element = root?.name == "Error" ? root : root?["Error"] ?? root?["Errors"]?["Error"]
        code = element?.value("Code")?.plain(max: 64) ?? ""
        message = element?.value("Message")?.plain(max: 300) ?? ""
        region = response.headers["x-amz-bucket-region"] ?? element?.value("Region")
        serverTime = response.headers["Date"].flatMap(HTTPDate.parse)
        if let location = response.headers["Location"], let parts = try? S3Endpoint.split(location.withoutQuery) {
            redirect = (parts.scheme, parts.authority)
        } else if let endpoint = element?.value("Endpoint") {
            redirect = (nil, endpoint)
        }
        retryAfter = Self.retryAfter(response.headers["Retry-After"], now: serverTime)
    }

    /// Seconds, or a date to be compared with the server's own (RFC 9110, section 10.2.3).
    private static func retryAfter(_ text: String?, now: Timestamp?) -> Duration? {
        guard let text else { return nil }
        if let seconds = Int(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        guard let date = HTTPDate.parse(text), let now else { return nil }
        return .milliseconds(max(0, min(date.milliseconds - now.milliseconds, 86_400_000)))
    }

    /// `AccessDenied: the message`, or the bare status.
    var summary: String {
        let parts = [code, message].filter { !$0.isEmpty }
        return parts.isEmpty ? "status \(status)" : parts.joined(separator: ": ")
    }
}

extension [UInt8] {
    /// S3 sends white space to keep a connection open while it works; XML wants its declaration first.
    var droppingLeadingSpace: [UInt8] { Array(drop { $0 == 0x20 || (0x09...0x0D).contains($0) }) }
}

extension String {
    /// Fit for a log line: no control characters, bounded.
    func plain(max: Int) -> String {
        String(unicodeScalars.prefix(max).filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init))
    }

    fileprivate var withoutQuery: String { String(prefix { $0 != "?" && $0 != "#" }) }
}
