public import ObjectStorage

/// One rule of the `ObjectStore` contract, as something to run against a store.
///
///     @Test(arguments: StoreCheck.all(except: ["copy obeys put conditions": "Ceph RGW 16 ignores them"]))
///     func keepsTheContract(_ check: StoreCheck) async throws { try await check.run(makeStore()) }
public struct StoreCheck: Sendable, CustomStringConvertible {
    /// A sentence; stable, so that known gaps of a server can be excluded by it.
    public let description: String
    /// Moves a few tens of megabytes or thousands of objects.
    public let isSlow: Bool
    private let body: @Sendable (any ObjectStore) async throws -> Void

    init(_ name: String, isSlow: Bool = false, _ body: @escaping @Sendable (any ObjectStore) async throws -> Void) {
        (description, self.isSlow, self.body) = (name, isSlow, body)
    }

    /// Runs the check on a store that holds no object; throws a `CheckFailure` or the store's own error.
    public func run(_ store: any ObjectStore) async throws {
        do {
            try await body(store)
        } catch let failure as CheckFailure {
            throw failure
        } catch {
            throw CheckFailure("\(description), at \(store.location): \(error)")
        }
    }

    public static let all: [StoreCheck] =
        keyChecks + listChecks + conditionChecks + readChecks + removalChecks + multipartChecks

    /// All but the known gaps of one server, each with the reason; an exclusion that names no check is refused.
    public static func all(except gaps: [String: String]) -> [StoreCheck] {
        let unknown = Set(gaps.keys).subtracting(all.map(\.description))
        precondition(unknown.isEmpty, "no such store check: \(unknown.sorted())")
        return all.filter { gaps[$0.description] == nil }
    }
}

/// Runs every check, each on a new store from `make`, and throws one failure that names all that did not hold.
public func verifyObjectStore(
    except gaps: [String: String] = [:], _ make: () async throws -> any ObjectStore
) async throws {
    var failures: [String] = []
    for check in StoreCheck.all(except: gaps) {
        do {
            try await check.run(try await make())
        } catch {
            failures.append("- \(check): \(error)")
        }
    }
    if !failures.isEmpty { throw CheckFailure(failures.joined(separator: "\n")) }
}

/// What a check found instead of what the contract says.
public struct CheckFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ text: String) {
        description = text
    }
}

/// Throws unless `condition` holds: for code that must not depend on a test framework.
public func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(CheckFailure) {
    guard condition else { throw CheckFailure(message()) }
}

/// Throws unless `body` throws a `StoreError` of this kind; answers the error.
@discardableResult
public func requireError(
    _ kind: StoreError.Kind, _ what: String, _ body: () async throws -> Void
) async throws -> StoreError {
    do {
        try await body()
    } catch let error as StoreError where error.kind == kind {
        return error
    } catch {
        throw CheckFailure("\(what): expected \(kind), got \(error)")
    }
    throw CheckFailure("\(what): expected \(kind), but it succeeded")
}

func key(_ text: String) throws(CheckFailure) -> ObjectKey {
    guard let key = ObjectKey(text) else { throw CheckFailure("not a key: \(text)") }
    return key
}

extension ObjectStore {
    func bytes(of key: ObjectKey) async throws -> [UInt8] {
        try await get(key, range: nil, bytesMax: 1 << 30).bytes
    }

    /// Puts an empty object under each key, several at a time.
    func fill(_ keys: [ObjectKey], with bytes: [UInt8] = []) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, key) in keys.enumerated() {
                if index >= 8 { try await group.next() }
                group.addTask { _ = try await self.put(bytes, to: key) }
            }
            try await group.waitForAll()
        }
    }
}
