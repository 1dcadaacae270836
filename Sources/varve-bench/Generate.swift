import ArgumentParser
import Glibc
import SampleEvents

/// Writes the values of sample events as lines.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes sample events as NDJSON, tombstones left out.")

    @OptionGroup var sample: SampleArguments

    @Option(help: "Where to.")
    var out = "/dev/stdout"

    func run() throws {
        guard let file = fopen(out, "w") else { throw ValidationError("\(out) cannot be written (errno \(errno))") }
        defer { fclose(file) }
        let events = SampleEvents(sample.options)
        let chunkBytes = 1 << 20
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: chunkBytes + SampleEvents.eventBytesMax, alignment: 64)
        defer { chunk.deallocate() }
        var used = 0
        for index in 0..<sample.events {
            let event = events.write(index, to: UnsafeMutableRawBufferPointer(rebasing: chunk[used...]))
            guard let value = event.value else { continue }
            // The key was written before the value; the line begins where the key did.
            let start = chunk.baseAddress.unsafelyUnwrapped + used
            start.copyMemory(from: start + value.lowerBound, byteCount: value.count)
            chunk[used + value.count] = UInt8(ascii: "\n")
            used += value.count + 1
            if used >= chunkBytes {
                try flush(chunk, &used, to: file)
            }
        }
        try flush(chunk, &used, to: file)
    }

    private func flush(_ chunk: UnsafeMutableRawBufferPointer, _ used: inout Int, to file: UnsafeMutablePointer<FILE>)
        throws
    {
        guard fwrite(chunk.baseAddress, 1, used, file) == used else {
            throw ValidationError("\(out) took no more bytes (errno \(errno))")
        }
        used = 0
    }
}

extension SampleArguments {
    var options: SampleOptions {
        SampleOptions(
            count: events, seed: seed, startMilliseconds: start, spanMilliseconds: Int64(hours) * 3_600_000,
            fractions: [
                .late: late, .malformed: malformed, .nullKey: nullKey, .tombstone: tombstone, .binary: binary,
            ])
    }
}
