/// Waits until `condition` holds: asks every few milliseconds, and throws after `deadline`.
public func eventually(
    _ what: String, deadline: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: deadline)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw CheckFailure("not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
