internal import LakeModel
internal import ObjectStorage

/// One S3 operation before it is signed: what stays the same over all its attempts.
struct S3Call: Sendable {
    /// S3's name for it: `PutObject`.
    var operation: String
    var method: String
    /// The key in the bucket, prefix included; nil for operations on the bucket.
    var key: String?
    var query: [(name: String, value: String?)] = []
    var headers = HTTPHeaders()
    var body = ObjectBody([])
    var responseBytesMax = 16 << 20
    /// True where the request changes something, so that a lost answer leaves a doubt.
    var mutates = false
    var condition = PutCondition.always
    /// The root element of a successful answer; a 200 with another body carries an error (CompleteMultipartUpload,
    /// CopyObject and DeleteObjects send their status before they know the outcome).
    var expectedRoot: String?
    /// A success names the tag of what it stored; a page of something in between that answers for the store does not.
    var expectsTag = false
    /// A success shows that a store made it, by a tag or a header of S3's own: JuiceFS's gateway keeps tags only where
    /// it is told to.
    var expectsObject = false
    /// Checks a successful answer; what it throws is retried as corruption on the way.
    var verify: (@Sendable (HTTPResponse) -> String?)?

    init(_ operation: String, _ method: String, key: String?) {
        (self.operation, self.method, self.key) = (operation, method, key)
    }
}

/// A successful answer.
struct S3Answer: Sendable {
    var response: HTTPResponse
    /// An earlier attempt may have taken effect.
    var wasAmbiguous: Bool
    /// The store's clock.
    var serverTime: Timestamp
}

/// A failed operation with what the caller inside this module may react to.
struct S3Failure: Error {
    var error: StoreError
    var code: String?
    var status: Int?
    var wasAmbiguous: Bool
}

/// What happened in one HTTP attempt: for request counters.
public struct S3RequestRecord: Sendable {
    public var operation: String
    /// Nil where no response came.
    public var status: Int?
    /// S3's error code, or the kind of transport failure; nil on success.
    public var errorCode: String?
    public var duration: Duration
    /// From 1.
    public var attempt: Int
    public var bytesSent: Int
    public var bytesReceived: Int

    public var isRetry: Bool { attempt > 1 }

    public init(
        operation: String, status: Int?, errorCode: String?, duration: Duration, attempt: Int, bytesSent: Int,
        bytesReceived: Int
    ) {
        (self.operation, self.status, self.errorCode) = (operation, status, errorCode)
        (self.duration, self.attempt) = (duration, attempt)
        (self.bytesSent, self.bytesReceived) = (bytesSent, bytesReceived)
    }
}
