import Synchronization

/// One line of progress on standard error that rewrites itself; nothing where that is no terminal.
final class ProgressLine: Sendable {
    private let console: Console
    private let shown = Mutex("")

    init(_ console: Console) {
        self.console = console
    }

    func show(_ text: @autoclosure () -> String) {
        guard console.showsProgress else { return }
        let text = text()
        shown.withLock { shown in
            guard shown != text else { return }
            console.sayRaw("\r" + text.rightPadded(to: shown.count))
            shown = text
        }
    }

    /// Takes the line away, so that other talk begins on a clean one.
    func clear() {
        shown.withLock { shown in
            guard !shown.isEmpty else { return }
            console.sayRaw("\r" + String(repeating: " ", count: shown.count) + "\r")
            shown = ""
        }
    }
}
