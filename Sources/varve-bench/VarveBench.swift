import ArgumentParser

/// Programs that the benchmark driver (Tests/python/bench.py) starts; `make bench` runs them in the right order.
@main
struct VarveBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve-bench",
        abstract: "Makes sample events, sends them to Kafka, and measures floors and formats.",
        subcommands: [
            Generate.self, Produce.self, Floor.self, Shred.self, CatalogCommand.self, Lines.self, Scrape.self,
            Publish.self,
        ])
}

/// Which sample events.
struct SampleArguments: ParsableArguments {
    @Option(help: "How many events.")
    var events = 100_000

    @Option(help: "Another seed makes other events.")
    var seed: UInt64 = 42

    @Option(help: "Hours of event time that the events are spread over.")
    var hours = 4

    @Option(help: "Event time of the first event, milliseconds since 1970.")
    var start: Int64 = 1_768_464_000_000

    @Option(help: "Part of one that comes late, like the fractions below.")
    var late = 1.0 / 64

    @Option(help: "Part with JSON that breaks off.")
    var malformed = 0.0

    @Option(help: "Part without a key.")
    var nullKey = 0.0

    @Option(help: "Part with a null value.")
    var tombstone = 0.0

    @Option(help: "Part whose value is not UTF-8.")
    var binary = 0.0

    func validate() throws {
        let parts = [late, malformed, nullKey, tombstone, binary]
        guard parts.allSatisfy({ (0...1).contains($0) }), parts.reduce(0, +) <= 1 else {
            throw ValidationError("the fractions must be between 0 and 1, and 1 at most together")
        }
        guard events > 0, (1...100_000).contains(hours) else {
            throw ValidationError("events and hours must be positive")
        }
    }
}
