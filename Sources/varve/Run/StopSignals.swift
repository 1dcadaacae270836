import Foundation
import Glibc
import Synchronization

/// Turns SIGTERM and SIGINT into a request to stop; a second one ends the process at once, as nothing can be lost.
final class StopSignals {
    private var sources: [any DispatchSourceSignal] = []

    init(_ stop: @escaping @Sendable () -> Void) {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let times = SignalCount()
            source.setEventHandler {
                if times.next() == 1 { stop() } else { _exit(128 + number) }
            }
            source.resume()
            sources.append(source)
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    /// Returns once the process is asked to stop.
    static func first() async {
        let (asked, stop) = AsyncStream.makeStream(of: Void.self)
        let signals = StopSignals { stop.finish() }
        for await _ in asked {}
        signals.cancel()
    }
}

private final class SignalCount: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
