import Glibc

/// One parser of bytes from outside, fed by libFuzzer.
struct FuzzTarget: Sendable {
    var name: String
    /// Parses the bytes and checks what must hold of the result. A broken property traps, which libFuzzer keeps.
    var run: @Sendable (UnsafeRawBufferPointer) -> Void

    static let all: [FuzzTarget] = [
        .xml, .headers, .catalogJSON, .manifest, .checkpointList, .zstd, .seekTable, .envelope, .json, .jsonPointer,
        .times, .config, .pattern, .parquet, .schemas,
    ]

    /// The one that VARVE_FUZZ_TARGET names.
    static let chosen: FuzzTarget = {
        let name = getenv("VARVE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        if let target = all.first(where: { $0.name == name }) { return target }
        FuzzTarget.say("VARVE_FUZZ_TARGET is '\(name)'; it is one of \(all.map(\.name).joined(separator: ", "))\n")
        exit(64)
    }()

    private static func say(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    /// Traps where a property does not hold.
    static func require(_ holds: Bool, _ property: String) {
        guard !holds else { return }
        say("PROPERTY BROKEN: \(property)\n")
        abort()
    }
}

private typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// libFuzzer's driver (FuzzerInterface.h): it takes arguments out of the list, and returns when its runs are done.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<Arguments>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager makes this the program's `main`, in the place of libFuzzer's own.
@_cdecl("varve_fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, { fuzzOneInput($0, $1) })
}

/// libFuzzer's entry: it calls this with each input, and keeps those that reach new code.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The bytes are borrowed for the call. Some parsers bind their memory, so an empty input gets an address too.
    var nothing: UInt8 = 0
    withUnsafePointer(to: &nothing) { empty in
        FuzzTarget.chosen.run(UnsafeRawBufferPointer(start: bytes ?? empty, count: count))
    }
    return 0
}
