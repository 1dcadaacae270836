import Foundation

/// Where a lake's keys are, so that two lakes can be told to be apart: an archive or a copy within the lake that it is
/// made of would be taken for that lake's own leftovers by vacuum, or the other way round.
struct LakePlace {
    var url: LakeURL
    /// Of the S3 service; nil for AWS's own.
    var endpoint: String?

    init(_ url: LakeURL, endpoint: String?) {
        self.url = url
        // AWS has one bucket of a name, by whichever address it is reached.
        self.endpoint = endpoint.flatMap { $0.contains("amazonaws.com") ? nil : $0.droppingSlash }
    }

    init(_ settings: Settings) {
        self.init(settings.lake, endpoint: settings.s3.endpoint)
    }

    /// Whether one is the other, or lies within it.
    func overlaps(_ other: LakePlace) -> Bool {
        switch (url, other.url) {
        case (.directory(let path), .directory(let otherPath)):
            Self.isSameOrNested(Self.resolved(path), Self.resolved(otherPath))
        case (.s3(let bucket, let prefix), .s3(let otherBucket, let otherPrefix)):
            endpoint == other.endpoint && bucket == otherBucket
                && Self.isSameOrNested(prefix.split(separator: "/"), otherPrefix.split(separator: "/"))
        default: false
        }
    }

    private static func isSameOrNested<Name: Equatable>(_ a: [Name], _ b: [Name]) -> Bool {
        a.starts(with: b) || b.starts(with: a)
    }

    private static func resolved(_ path: String) -> [String] {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.pathComponents
    }
}

extension String {
    fileprivate var droppingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
