public import LakeModel

/// Keeps what a slow provider gave, and asks it again before it expires; one question at a time.
///
/// Credentials are renewed five minutes before they expire, or at half of their life where that is shorter. Where the
/// source cannot answer while the old ones are still valid, those are used, and it is asked again a minute later.
public actor RefreshingCredentials: CredentialsProvider {
    /// How long before their end credentials are renewed.
    public static let renewalLead = Duration.seconds(300)
    private static let pauseAfterFailureMilliseconds: Int64 = 60_000

    private let source: any CredentialsProvider
    private let clock: any LakeClock
    private var held: Credentials?
    private var renewAt: Timestamp?
    private var question: Task<Result<Credentials, CredentialsError>, Never>?

    public init(_ source: any CredentialsProvider, clock: any LakeClock) {
        (self.source, self.clock) = (source, clock)
    }

    public func credentials() async throws(CredentialsError) -> Credentials {
        if let held, renewAt.map({ clock.now() < $0 }) ?? true { return held }
        switch await ask() {
        case .success(let fresh): return fresh
        case .failure(let error):
            guard let held, let end = held.expiresAt, clock.now() < end else { throw error }
            renewAt = min(end, clock.now().advanced(byMilliseconds: Self.pauseAfterFailureMilliseconds))
            return held
        }
    }

    public func discard(_ credentials: Credentials) async {
        // Another request may have renewed them meanwhile: only what was refused is thrown away.
        guard held == credentials else { return }
        (held, renewAt) = (nil, nil)
        await source.discard(credentials)
    }

    /// All who wait share one question. It is a task of its own, so that the cancelling of one of them spoils nothing.
    private func ask() async -> Result<Credentials, CredentialsError> {
        if let question { return await question.value }
        let task = Task { [source] () -> Result<Credentials, CredentialsError> in
            do throws(CredentialsError) {
                return .success(try await source.credentials())
            } catch {
                return .failure(error)
            }
        }
        question = task
        let answer = await task.value
        question = nil
        if case .success(let fresh) = answer { keep(fresh) }
        return answer
    }

    private func keep(_ fresh: Credentials) {
        held = fresh
        renewAt = fresh.expiresAt.map { end in
            let now = clock.now().milliseconds
            let lead = min(Self.renewalLead.components.seconds * 1000, max(0, (end.milliseconds - now) / 2))
            // A clock that is ahead of the credentials' end must not ask anew for every request.
            let renewal = end.milliseconds > now ? end.milliseconds - lead : now + 30_000
            return Timestamp(milliseconds: renewal)
        }
    }
}
