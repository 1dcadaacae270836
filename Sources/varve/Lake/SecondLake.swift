import ObjectStorage

extension LakeOptions {
    /// Opens another lake: one that `url` names, reached as these options reach theirs, or one that a configuration of
    /// its own names.
    ///
    /// - `forChange`: false for plans: a store that can only be read, and a directory that need not be there yet.
    func openSecond(
        url: String?, config: String?, forChange: Bool, in context: CommandContext
    ) async throws -> any ObjectStore {
        var options = LakeOptions()
        options.file = ConfigOptions()
        (options.file.config, options.lake) = (config ?? file.config, url)
        let context = config == nil ? context : context.forSecondConfiguration
        if forChange { return try await options.openForChange(in: context, mayBeNew: true).store }
        let loaded = try options.load(in: context)
        do {
            return try await StoreOpening.openForReading(loaded.settings, in: context)
        } catch let failure as CommandFailure where failure.status == .noInput {
            return MemoryObjectStore(clock: context.clock)
        }
    }
}
