public import LakeModel

/// Keeps what a slow provider gave, and asks it again before it expires; one question at a time.
///
/// Credentials are renewed five minutes before they expire, or at half of their life where that is shorter. Those
/// without an end are looked at again every five minutes, as a file can be replaced. Where the source cannot answer
/// while the old ones are still valid, those are used, and it is asked again a minute later.
/// Those that a server refused are replaced at once, but not more often than every ten seconds.
public actor RefreshingCredentials: CredentialsProvider {
    /// How long before their end credentials are renewed.
    public static let renewalLead = Duration.seconds(300)
    private static let pauseAfterFailureMilliseconds: Int64 = 60_000
    /// A server that refuses whatever it is sent must not make a question of each request.
    static let pauseAfterDiscard = Duration.seconds(10)

    private let source: any CredentialsProvider
    private let clock: any LakeClock
    private var held: Credentials?
    private var renewAt: Timestamp?
    private var discardedAt: Duration?
    private var question: Task<Result<Credentials, CredentialsError>, Never>?

    public init(_ source: any CredentialsProvider, clock: any LakeClock) {
        (self.source, self.clock) = (source, clock)
    }

    public func credentials() async throws(CredentialsError) -> Credentials {
        if let held, let renewAt, clock.now() < renewAt { return held }
        switch await ask() {
        case .success(let fresh): return fresh
        case .failure(let error):
            let now = clock.now()
            guard let held, held.expiresAt.map({ now < $0 }) ?? true else { throw error }
            let again = now.advanced(byMilliseconds: Self.pauseAfterFailureMilliseconds)
            renewAt = min(held.expiresAt ?? again, again)
            return held
        }
    }

    public func discard(_ credentials: Credentials) async {
        // Another request may have renewed them meanwhile: only what was refused is thrown away.
        guard held == credentials else { return }
        if let discardedAt, clock.elapsed() - discardedAt < Self.pauseAfterDiscard { return }
        discardedAt = clock.elapsed()
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
        let now = clock.now().milliseconds
        let leadMax = Self.renewalLead.components.seconds * 1000
        guard let end = fresh.expiresAt?.milliseconds else {
            renewAt = Timestamp(milliseconds: now + leadMax)
            return
        }
        // A clock that is ahead of the credentials' end must not ask anew for every request.
        let renewal = end > now ? end - min(leadMax, (end - now) / 2) : now + 30_000
        renewAt = Timestamp(milliseconds: renewal)
    }
}
