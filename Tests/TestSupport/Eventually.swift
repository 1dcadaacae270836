import Foundation

/// How many times longer than on an idle machine a deadline is: `VARVE_TEST_PATIENCE`, 5 where it is not set.
///
/// A deadline ends a test that hangs. It never tells fast from slow: machines that run tests are busy.
public let patience = Int(ProcessInfo.processInfo.environment["VARVE_TEST_PATIENCE"] ?? "") ?? 5

/// Waits until `condition` holds: asks every few milliseconds, and throws after `deadline` times `patience`.
public func eventually(
    _ what: String, deadline: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: deadline * patience)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw CheckFailure("not within \(deadline * patience): \(what)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
