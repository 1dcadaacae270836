import ArgumentParser
import CBuild
import Glibc

@main
enum Program {
    static func main() async {
        varve_tune_heap()
        // A reader such as `head` that goes away is an error of write(2), not the death of the process.
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let status = await run(arguments, in: .process)
        // All that is to be kept is written and flushed. exit(3) would run the libraries' destructors while threads of
        // theirs still close connections: libcrypto's state is freed under them, and a finished command aborts.
        fflush(nil)
        _exit(status.rawValue)
    }

    /// Runs one command line; every outcome has been written to the console when it returns.
    static func run(_ arguments: [String], in context: CommandContext) async -> ExitStatus {
        await CommandContext.$current.withValue(context) {
            let status: ExitStatus
            do {
                status = try await parseAndRun(arguments, context)
            } catch {
                status = report(error, context)
            }
            do {
                try context.console.ifRead { try context.console.flush() }
                return status
            } catch {
                return report(error, context)
            }
        }
    }

    private static func parseAndRun(_ arguments: [String], _ context: CommandContext) async throws -> ExitStatus {
        do {
            var command = try Varve.parseAsRoot(ArgumentForms.joiningSpans(arguments))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .success
        } catch  where isHandledByParser(error) {
            let text = Varve.fullMessage(for: error)
            if Varve.exitCode(for: error).isSuccess {
                try ArgumentForms.refuseHelpForNothing(arguments)
                try context.console.print(text)
                return .success
            }
            let message = Varve.message(for: error)
            let sentence = message.last == "." ? String(message.dropLast()) : message
            throw CommandFailure(
                .usage, sentence.lowercasedFirst, at: "command line",
                fix: ArgumentForms.remedy(for: message) ?? "see 'varve help' and 'varve help COMMAND'")
        }
    }

    /// True for what ArgumentParser itself throws: wrong arguments, requests for help and version.
    private static func isHandledByParser(_ error: any Error) -> Bool {
        error is CleanExit || error is ValidationError || String(describing: type(of: error)) == "CommandError"
    }

    private static func report(_ error: any Error, _ context: CommandContext) -> ExitStatus {
        if error is Console.OutputClosed { return .success }
        let failure = CommandFailure(error)
        // Data that was written before the failure comes before the talk about it.
        try? context.console.flush()
        for problem in failure.problems { context.console.say(problem.description) }
        return failure.status
    }
}
