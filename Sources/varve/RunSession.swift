/// One run of the writer: wires source, ingest, catalog and server together.
struct RunSession {
    var loaded: LoadedSettings
    var once: Bool

    func run() async throws {
        throw CommandFailure(.software, "not wired yet", at: "run", fix: "use a later version")
    }
}
