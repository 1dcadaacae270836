internal import CCurl

/// Turns libcurl's codes into failures that say what to do.
enum CurlFailure {
    static func translate(
        _ code: CURLcode, detail: String, exchange: CurlExchange, wasSent: Bool, settings: CurlSettings
    ) -> HTTPFailure {
        if exchange.wasCancelled { return HTTPFailure(.cancelled, "cancelled", wasSent: wasSent) }
        if exchange.isTooLarge {
            return HTTPFailure(.tooLarge, "the answer is larger than the limit", wasSent: wasSent)
        }
        let text = message(code, detail, settings)
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
            CURLE_SSL_CONNECT_ERROR:
            return HTTPFailure(.connect, text, wasSent: wasSent)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return HTTPFailure(.tls, text, wasSent: wasSent)
        case CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT:
            return HTTPFailure(.invalid, text, wasSent: wasSent)
        case CURLE_OPERATION_TIMEDOUT:
            return HTTPFailure(.timeout, text, wasSent: wasSent)
        case CURLE_PARTIAL_FILE:
            return HTTPFailure(.truncated, text, wasSent: wasSent)
        default:
            return HTTPFailure(.broken, text, wasSent: wasSent)
        }
    }

    /// libcurl's text names hosts and reasons; it can repeat a proxy's address, so it is left out where one is set.
    private static func message(_ code: CURLcode, _ detail: String, _ settings: CurlSettings) -> String {
        let general = String(cString: curl_easy_strerror(code))
        if case .url = settings.proxy { return lowered(general) }
        let firstLine = detail.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return lowered(firstLine.isEmpty ? general : String(firstLine.prefix(200)))
    }

    private static func lowered(_ text: String) -> String {
        guard let first = text.first, text.dropFirst().first?.isLowercase == true else { return text }
        return first.lowercased() + text.dropFirst()
    }
}
