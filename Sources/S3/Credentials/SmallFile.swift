internal import Glibc

/// Reads small files (tokens, profiles); injected, so that tests need no disk.
public struct FileReader: Sendable {
    /// The text, or nil where there is no readable file of at most `bytesMax`.
    public var read: @Sendable (_ path: String) -> String?

    public init(_ read: @escaping @Sendable (_ path: String) -> String?) {
        self.read = read
    }

    public static let bytesMax = 1 << 20

    /// The machine's files.
    public static let system = FileReader { path in
        guard let file = fopen(path, "re") else { return nil }
        // fclose frees the stream; nothing was written that it could fail to flush.
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard count <= bytesMax, ferror(file) == 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
