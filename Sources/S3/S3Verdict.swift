internal import ObjectStorage

/// What to do about one attempt.
enum S3Verdict {
    case success
    /// Try again after a wait; `kind` and `message` are for the case that no attempt is left.
    case retry(kind: StoreError.Kind, message: String, isThrottled: Bool, cost: Int)
    /// Credentials are said to be expired or unknown: ask for new ones, once. `message` is for the case that these are
    /// refused as well.
    case renewCredentials(message: String)
    /// The clock is said to be wrong: learn the difference, once.
    case correctClock(message: String)
    /// The bucket is elsewhere.
    case redirect(message: String)
    case fail(StoreError.Kind, message: String)
}

extension S3Verdict {
    private static let expiredCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]
    /// Said of keys that were replaced, and of half of new ones where a file was read while it was written (MinIO has
    /// `InvalidTokenId`, Google Cloud Storage `InvalidSecurity`).
    private static let unknownKeyCodes: Set<String> = [
        "InvalidAccessKeyId", "InvalidToken", "InvalidTokenId", "InvalidSecurity", "SignatureDoesNotMatch",
    ]
    private static let skewCodes: Set<String> = ["RequestTimeTooSkewed", "RequestInTheFuture"]
    private static let redirectCodes: Set<String> = [
        "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
    ]
    private static let throttleCodes: Set<String> = [
        "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException", "ThrottledException",
        "RequestThrottled", "RequestLimitExceeded", "BandwidthLimitExceeded", "TooManyRequestsException",
        "TooManyRequests", "ServiceUnavailable", "Busy",
    ]
    private static let transientCodes: Set<String> = [
        "InternalError", "RequestTimeout", "RequestTimeoutException", "XMinioServerNotInitialized",
    ]
    private static let corruptCodes: Set<String> = [
        "BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
        "InvalidChecksum", "ChecksumMismatch",
    ]
    private static let conflictCodes: Set<String> = ["ConditionalRequestConflict", "OperationAborted"]

    /// Judges an answer that is not a plain success. Pure.
    static func judge(_ error: S3ErrorBody, call: S3Call, bucket: String, isRegionNew: Bool) -> S3Verdict {
        let (status, code, text) = (error.status, error.code, error.summary)
        if expiredCodes.contains(code) {
            return .renewCredentials(message: "\(text); the credentials are expired, renew them")
        }
        if unknownKeyCodes.contains(code) {
            return .renewCredentials(message: "\(text); check the credentials and their policy")
        }
        if skewCodes.contains(code) { return .correctClock(message: text) }
        if redirectCodes.contains(code) || [301, 302, 307, 308].contains(status) { return .redirect(message: text) }
        if isRegionNew, [400, 403].contains(status), code.isEmpty { return .redirect(message: text) }
        if throttleCodes.contains(code) || status == 429 || status == 503 {
            return .retry(kind: .throttled, message: text, isThrottled: true, cost: RetryBudget.retryCost)
        }
        if transientCodes.contains(code) || status == 408 || status >= 500 && status != 501 && status != 505 {
            return .retry(kind: .unavailable, message: text, isThrottled: false, cost: RetryBudget.retryCost)
        }
        if corruptCodes.contains(code) {
            return .retry(kind: .corrupt, message: text, isThrottled: false, cost: RetryBudget.retryCost)
        }
        if status == 404, code.isEmpty, ["GET", "PUT"].contains(call.method) {
            // A store says why. An ingress whose store is away says only this, and a log that is not there would be
            // that of a new table.
            return .retry(
                kind: .unavailable, message: "\(text) without a store's reason; look for a proxy in between",
                isThrottled: false, cost: RetryBudget.retryCost)
        }
        if (200..<300).contains(status) {
            // An error inside a success: AWS says to treat it as a failed attempt, whatever its code.
            let message =
                code.isEmpty
                ? "\(text) without what a store answers to \(call.operation); look for a proxy in between" : text
            return .retry(kind: .unavailable, message: message, isThrottled: false, cost: RetryBudget.retryCost)
        }
        return judgeFinal(error, call: call, bucket: bucket)
    }

    private static func judgeFinal(_ error: S3ErrorBody, call: S3Call, bucket: String) -> S3Verdict {
        let text = error.summary
        switch error.status {
        case 403 where error.code == "InvalidObjectState":
            return .fail(.archived, message: "\(text); restore it from its storage class first")
        case 401, 403:
            return .fail(.denied, message: "\(text); check the credentials and their policy")
        case 404:
            if error.code == "NoSuchBucket" {
                return .fail(.notFound, message: "bucket \(bucket) does not exist; create it or correct its name")
            }
            if case .matches = call.condition, error.code != "NoSuchUpload" {
                return .fail(.conflict, message: "the object expected to be replaced is gone")
            }
            return .fail(.notFound, message: error.code.isEmpty ? "no such object" : text)
        case 409 where call.condition != .always || conflictCodes.contains(error.code):
            let kind: StoreError.Kind = call.condition == .always ? .unavailable : .conflict
            return .retry(kind: kind, message: text, isThrottled: false, cost: RetryBudget.retryCost)
        case 412:
            return .fail(.conflict, message: call.condition.conflictMessage)
        case 405, 501:
            return .fail(.invalid, message: "the store does not support this: \(text)")
        default:
            return .fail(.invalid, message: text)
        }
    }

    /// Judges a failure of the transport. Pure.
    static func judge(_ failure: HTTPFailure) -> S3Verdict {
        func retry(_ kind: StoreError.Kind, cost: Int) -> S3Verdict {
            .retry(kind: kind, message: failure.message, isThrottled: false, cost: cost)
        }
        switch failure.kind {
        case .connect, .timeout: return retry(.unavailable, cost: RetryBudget.timeoutCost)
        case .broken, .truncated: return retry(.unavailable, cost: RetryBudget.retryCost)
        case .cancelled: return .fail(.unavailable, message: "cancelled")
        case .tls:
            return .fail(
                .unavailable,
                message: "\(failure.message); where the store has an authority of its own, name its ca_file")
        case .tooLarge, .invalid: return .fail(.invalid, message: failure.message)
        }
    }

    /// Whether an attempt with this answer may have taken effect.
    ///
    /// 5xx, 408 and an error inside a success say nothing of what was stored; neither does 409, behind which the own
    /// earlier copy of the request can stand.
    static func isAmbiguous(_ error: S3ErrorBody) -> Bool {
        error.status >= 500 && error.status != 501 || error.status < 300 || error.status == 408 || error.status == 409
            || transientCodes.contains(error.code)
    }
}

extension PutCondition {
    var conflictMessage: String {
        switch self {
        case .always: "a condition of the request did not hold"
        case .absent: "an object with this key exists already"
        case .matches: "the object is not the one expected; read it again"
        }
    }
}
