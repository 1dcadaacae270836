internal import CRDKafka
internal import Logging

/// Hands librdkafka's log lines to swift-log, without secrets.
struct LogBridge {
    let logger: Logger
    let redactor: Redactor

    func log(event: OpaquePointer) {
        var facility: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        var level: Int32 = 0
        // Facility and text belong to the event.
        guard rd_kafka_event_log(event, &facility, &text, &level) == 0, let text else { return }
        let line = redactor.clean(String(cString: text))
        let name = facility.map { String(cString: $0) } ?? ""
        logger.log(level: Self.level(syslog: level), "\(line)", metadata: ["facility": "\(name)"])
    }

    /// RFC 5424, section 6.2.1: 0 emergency … 7 debug.
    static func level(syslog: Int32) -> Logger.Level {
        switch syslog {
        case ...2: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }
}
