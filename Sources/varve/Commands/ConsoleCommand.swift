import ArgumentParser
import LakeModel
import ObjectStorage
import Operations

struct ConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Serves the web console of a lake, until told to stop.",
        discussion: """
            Read-only. What it asks for is server.console_token of the configuration, or of the environment as
            VARVE_SERVER_CONSOLE_TOKEN. /healthz, /readyz and /metrics are served beside it.

            \(ExitStatus.readerHelp(own: [(.success, "stopped as asked"), (.unavailable, "the address is taken")]))
            """)

    @OptionGroup var lake: LakeOptions

    @Option(help: ArgumentHelp("Where to listen: host:port.", valueName: "address"))
    var listen = "127.0.0.1:9465"

    @Flag(help: "Let everyone who reaches the address read, where it is not loopback and there is no token.")
    var withoutToken = false

    func validate() throws {
        if ListenAddress(listen) == nil { throw ValidationError("--listen takes host:port") }
    }

    func run() async throws {
        let context = CommandContext.current
        let loaded = try lake.load(in: context)
        var server = loaded.settings.server
        server.listen = ListenAddress(listen)
        guard let address = server.listen else { return }
        guard address.isLoopback || server.consoleToken != nil || withoutToken else {
            throw CommandFailure(
                .configuration, "everyone who reaches \(listen) could read the lake's catalog", at: "option --listen",
                fix: "set VARVE_SERVER_CONSOLE_TOKEN, or give --without-token")
        }
        let logging = RunLogging(loaded, clock: context.clock)
        let registry = PrometheusRegistry()
        registry.addCollector { ProcessMetrics.collect() + [RunMetrics.build] }
        let store = try await StoreOpening.openForReading(loaded.settings, in: context)
        let pages = RunConsole.pages(
            server, store: store, clock: context.clock, logger: logging.logger("varve.console"))
        let running = try await RunServer.start(
            address, registry, readiness: { HealthReport() }, pages: pages, logging: logging,
            setting: "option --listen")
        context.console.say("the console of \(store.location) is at http://\(running.address)/")
        await StopSignals.first()
        await running.stop()
    }
}
