/// How keys stand in the file system, kept readable: a segment of a key is a folder or file of the same name.
///
/// Three things differ, and can be told apart from all else because a `%` in a key is always written `%25`:
/// - the store's own folder is `.varve-staging`, so a segment of that name starts with `%2E`;
/// - a segment longer than a file name can be is cut; each piece but the last is a folder that ends with `%+`;
/// - `.` and `..` as the last piece of such a segment start with `%2E` too.
struct DirectoryLayout: Sendable {
    static let ownFolder = ".varve-staging"
    /// NAME_MAX is 255 on Linux; the rest is for the mark of a piece.
    private static let pieceBytesMax = 250

    /// Absolute, without a trailing slash (empty for the file system's root).
    let root: String

    var stagingFolder: String { "\(root)/\(Self.ownFolder)" }

    func path(of key: ObjectKey) -> String {
        folderPath(key.description.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init))
    }

    /// Where the keys that start with these whole segments are.
    func folderPath(_ segments: [Substring]) -> String {
        root + segments.flatMap(Self.names).map { "/" + $0 }.joined()
    }

    static func names(of segment: Substring) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for scalar in segment.unicodeScalars {
            let next = escape(scalar)
            if piece.utf8.count + next.utf8.count > pieceBytesMax {
                pieces.append(piece + "%+")
                piece = ""
            }
            piece += next
        }
        return pieces + [protected(piece)]
    }

    enum DecodedName: Equatable {
        /// A segment, or the end of one.
        case end(String)
        /// The beginning of a segment that goes on inside this folder.
        case beginning(String)
    }

    /// Nil for a name that this store would not write: somebody else's file, or its own folder.
    static func decode(_ name: String) -> DecodedName? {
        guard name != ownFolder else { return nil }
        var text = String.UnicodeScalarView()
        var rest = name.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                text.append(scalar)
                continue
            }
            if rest.elementsEqual("+".unicodeScalars) { return .beginning(String(text)) }
            let code = String(String.UnicodeScalarView(rest.prefix(2)))
            guard code == "25" || code == "2E" else { return nil }
            text.append(code == "25" ? "%" : ".")
            rest = rest.dropFirst(2)
        }
        let decoded = String(text)
        // Only what `names` would have written, so that no two files stand for one key.
        return protected(decoded.unicodeScalars.map(escape).joined()) == name ? .end(decoded) : nil
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        scalar == "%" ? "%25" : String(scalar)
    }

    private static func protected(_ name: String) -> String {
        [".", "..", ownFolder].contains(name) ? "%2E" + name.dropFirst() : name
    }
}
