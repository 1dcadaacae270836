import ObjectStorage

/// A lake that takes what another one has: its archive, or its copy.
struct SecondLake {
    /// A lake reached as the first one is, or a configuration of its own that names one.
    var url: String?
    var config: String?
    /// `archive` or `copy`, for messages.
    var role: String
    /// Where it was named, and the status if it is named wrongly.
    var place: String
    var status: ExitStatus

    /// Opens it, apart from the lake of `first`.
    ///
    /// - `forChange`: false for plans: a store that can only be read, and a directory that need not be there yet.
    func open(
        besides first: LakeOptions, forChange: Bool, in context: CommandContext
    ) async throws -> any ObjectStore {
        var options = LakeOptions()
        options.file = ConfigOptions()
        (options.file.config, options.lake) = (config ?? first.file.config, url)
        let ownContext = config == nil ? context : context.forSecondConfiguration
        let loaded: LoadedSettings
        do throws(CommandFailure) {
            loaded = try options.load(in: ownContext)
        } catch {
            throw url == nil ? error : error.named(place, insteadOf: "option --lake", status: status)
        }
        guard !LakePlace(loaded.settings).overlaps(LakePlace(try first.load(in: context).settings)) else {
            throw CommandFailure(
                status, "a lake cannot be or hold its own \(role)", at: place, fix: "name a lake apart from it")
        }
        if forChange { return try await options.openForChange(in: ownContext, mayBeNew: true).store }
        do {
            return try await StoreOpening.openForReading(loaded.settings, in: ownContext)
        } catch let failure as CommandFailure where failure.status == .noInput {
            return MemoryObjectStore(clock: ownContext.clock)
        }
    }
}

extension CommandFailure {
    /// The same of a value that was written in another place.
    fileprivate func named(_ place: String, insteadOf location: String, status: ExitStatus) -> CommandFailure {
        guard problems.contains(where: { $0.location == location }) else { return self }
        return CommandFailure(
            status,
            problems.map { Problem($0.what, at: $0.location == location ? place : $0.location, fix: $0.remedy) })
    }
}
