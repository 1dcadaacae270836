/// The results in the order of the values, with at most `runningMax` of them on their way; the first error ends all.
///
/// - `onEach`: gets every result as it arrives.
func mapConcurrently<Value: Sendable, Result: Sendable>(
    _ values: [Value], runningMax: Int, onEach: (Result) -> Void = { _ in },
    _ body: @escaping @Sendable (Value) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Done<Result>.self) { group in
        var results: [Result?] = Array(repeating: nil, count: values.count)
        func take(_ done: Done<Result>) {
            results[done.index] = done.result
            onEach(done.result)
        }
        for (index, value) in values.enumerated() {
            if index >= max(1, runningMax), let done = try await group.next() { take(done) }
            group.addTask { Done(index, try await body(value)) }
        }
        for try await done in group { take(done) }
        return results.compactMap(\.self)
    }
}

/// What a child task brings back. A class, because Swift 6.3 in release mode mixed up the results of a group
/// that returned large values (`LogReader.Fetched`).
private final class Done<Result: Sendable>: Sendable {
    let index: Int
    let result: Result

    init(_ index: Int, _ result: Result) {
        (self.index, self.result) = (index, result)
    }
}
