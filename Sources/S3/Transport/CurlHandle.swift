internal import CCurl
internal import ObjectStorage

/// Owns one libcurl easy handle, and with it one kept connection. For one thread at a time.
struct CurlHandle: ~Copyable {
    /// Null where libcurl could not start (out of memory): then every exchange fails and says so.
    private let easy: UnsafeMutableRawPointer?
    private let settings: CurlSettings

    /// curl_global_init must run once before any handle, and is not thread-safe on all builds (libcurl-thread(3)).
    private static let isGlobalReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(_ settings: CurlSettings) {
        easy = Self.isGlobalReady ? curl_easy_init() : nil
        self.settings = settings
    }

    deinit {
        curl_easy_cleanup(easy)
    }

    /// Performs one exchange; blocks the thread.
    func perform(_ request: HTTPRequest, _ flag: CancellationFlag) throws(HTTPFailure) -> HTTPResponse {
        guard easy != nil else { throw HTTPFailure(.invalid, "libcurl could not start: out of memory", wasSent: false) }
        try Self.check(request)
        let exchange = CurlExchange(request, flag)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for line in headerLines(request) {
            // curl_slist_append copies the string; null means out of memory, and the old list stays ours.
            guard let longer = curl_slist_append(list, line) else {
                throw HTTPFailure(.invalid, "out of memory", wasSent: false)
            }
            list = longer
        }
        // curl_easy_reset keeps live connections, the DNS cache and TLS sessions (curl_easy_reset(3)).
        curl_easy_reset(easy)
        varve_curl_set_list(easy, CURLOPT_HTTPHEADER, list)
        setConnectionOptions(request)
        setMethod(request)
        var text = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = text.withUnsafeMutableBufferPointer { buffer in
            // libcurl writes the error text here during the transfer only; the option is cleared after it.
            varve_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, buffer.baseAddress)
            defer { varve_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, nil) }
            return withExtendedLifetime(exchange) {
                setCallbacks(exchange)
                return curl_easy_perform(easy)
            }
        }
        let detail = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return try outcome(code, detail, exchange)
    }

    /// Refuses what could smuggle a second header or request.
    private static func check(_ request: HTTPRequest) throws(HTTPFailure) {
        func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
        for field in request.headers.fields {
            guard isPlain(field.name), isPlain(field.value), !field.name.isEmpty, !field.name.contains(":") else {
                let name = String(
                    field.name.unicodeScalars.filter { (0x21...0x7E).contains($0.value) }.map(Character.init))
                throw HTTPFailure(.invalid, "header \(name) holds a control character; remove it", wasSent: false)
            }
        }
        let isWebScheme = request.target.scheme == "https" || request.target.scheme == "http"
        guard isWebScheme, request.target.url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPFailure(.invalid, "not an http or https address that can be sent as it is", wasSent: false)
        }
    }

    private func headerLines(_ request: HTTPRequest) -> [String] {
        // "Name;" sends an empty value; "Name:" would remove the header (CURLOPT_HTTPHEADER(3)).
        var lines = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        let waits = request.body.count >= settings.expectContinueBytesMin
        lines.append(waits ? "Expect: 100-continue" : "Expect:")
        if request.headers["Content-Type"] == nil { lines.append("Content-Type:") }
        if request.headers["Accept"] == nil { lines.append("Accept:") }
        return lines
    }

    private func setConnectionOptions(_ request: HTTPRequest) {
        func set(_ option: CURLoption, _ value: Int) { varve_curl_set_long(easy, option, value) }
        func set(_ option: CURLoption, _ value: String) { varve_curl_set_string(easy, option, value) }
        set(CURLOPT_URL, request.target.url)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_USERAGENT, settings.userAgent)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        set(CURLOPT_MAXAGE_CONN, settings.keepAliveMax.curlMilliseconds / 1000)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, settings.connectTimeout.curlMilliseconds))
        set(CURLOPT_EXPECT_100_TIMEOUT_MS, settings.expectContinueTimeout.curlMilliseconds)
        set(CURLOPT_LOW_SPEED_LIMIT, settings.lowSpeedBytesPerSecond)
        set(CURLOPT_LOW_SPEED_TIME, max(1, settings.lowSpeedTime.curlMilliseconds / 1000))
        set(CURLOPT_TIMEOUT_MS, (request.timeout ?? settings.totalTimeout).curlMilliseconds)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, settings.insecureTLS ? 0 : 1)
        set(CURLOPT_SSL_VERIFYHOST, settings.insecureTLS ? 0 : 2)
        if let caFile = settings.caFile { set(CURLOPT_CAINFO, caFile) }
        switch settings.proxy {
        case .environment: break
        case .none: set(CURLOPT_PROXY, "")
        case .url(let url): set(CURLOPT_PROXY, url)
        }
    }

    private func setMethod(_ request: HTTPRequest) {
        let count = curl_off_t(request.body.count)
        switch request.method {
        case "GET":
            varve_curl_set_long(easy, CURLOPT_HTTPGET, 1)
        case "HEAD":
            varve_curl_set_long(easy, CURLOPT_NOBODY, 1)
        case "PUT":
            varve_curl_set_long(easy, CURLOPT_UPLOAD, 1)
            varve_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, count)
        case "POST":
            varve_curl_set_long(easy, CURLOPT_POST, 1)
            varve_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, count)
        default:
            varve_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    /// libcurl calls back only inside curl_easy_perform, for which `exchange` is kept alive; no reference is retained.
    private func setCallbacks(_ exchange: CurlExchange) {
        let box = Unmanaged.passUnretained(exchange).toOpaque()
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_XFERINFODATA,
            CURLOPT_DEBUGDATA,
        ] {
            varve_curl_set_pointer(easy, option, box)
        }
        varve_curl_set_bytes_function(easy, CURLOPT_WRITEFUNCTION) { data, _, count, box in
            guard let data, let exchange = CurlHandle.exchange(box) else { return 0 }
            return exchange.takeBody(UnsafeRawBufferPointer(start: data, count: count)) ? count : 0
        }
        varve_curl_set_bytes_function(easy, CURLOPT_HEADERFUNCTION) { data, _, count, box in
            guard let data, let exchange = CurlHandle.exchange(box) else { return 0 }
            exchange.takeHeader(UnsafeRawBufferPointer(start: data, count: count))
            return count
        }
        varve_curl_set_bytes_function(easy, CURLOPT_READFUNCTION) { data, size, count, box in
            guard let data, let exchange = CurlHandle.exchange(box) else { return Int(CURL_READFUNC_ABORT) }
            return exchange.read(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
        }
        varve_curl_set_seek_function(easy) { box, offset, origin in
            guard origin == seekFromStart, let exchange = CurlHandle.exchange(box) else { return CURL_SEEKFUNC_FAIL }
            return exchange.seek(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
        varve_curl_set_long(easy, CURLOPT_NOPROGRESS, 0)
        varve_curl_set_progress_function(easy) { box, _, _, _, _ in
            CurlHandle.exchange(box)?.wasCancelled == true ? 1 : 0
        }
        // libcurl sends a request again by itself when a kept connection turns out to be dead, and does not say so.
        // A conditional put must know: an earlier copy may have won. The debug callback sees each request header go.
        varve_curl_set_long(easy, CURLOPT_VERBOSE, 1)
        varve_curl_set_debug_function(easy) { _, kind, data, count, box in
            // A CONNECT goes to the proxy, not to the store.
            guard kind == CURLINFO_HEADER_OUT, let data,
                !UnsafeRawBufferPointer(start: data, count: count).starts(with: "CONNECT ".utf8)
            else { return 0 }
            CurlHandle.exchange(box)?.noteRequestSent()
            return 0
        }
    }

    private static func exchange(_ box: UnsafeMutableRawPointer?) -> CurlExchange? {
        box.map { Unmanaged<CurlExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    private func outcome(_ code: CURLcode, _ detail: String, _ exchange: CurlExchange) throws(HTTPFailure)
        -> HTTPResponse
    {
        let wasSent = exchange.requestsSent > 0
        guard code == CURLE_OK else {
            throw CurlFailure.translate(code, detail: detail, exchange: exchange, wasSent: wasSent, settings: settings)
        }
        return HTTPResponse(
            status: exchange.status, headers: exchange.headers, body: exchange.body,
            wasResent: exchange.requestsSent > 1)
    }
}

/// SEEK_SET of stdio.h: what libcurl passes as origin.
private let seekFromStart: Int32 = 0
