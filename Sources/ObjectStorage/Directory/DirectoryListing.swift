import Glibc

/// Walks the folders in byte order of keys, reads only those that the prefix and the start leave possible, and stops
/// when the page is full.
struct DirectoryListing {
    private let layout: DirectoryLayout
    private let prefix: String
    /// Only keys after this one; empty for all.
    private let after: String
    private let keysMax: Int
    private var found: [ListedObject] = []

    static func page(of layout: DirectoryLayout, _ request: ListRequest) throws(StoreError) -> ListPage {
        var listing = DirectoryListing(layout, request)
        do {
            try listing.start()
        } catch {
            throw StoreError(error, key: ObjectKey(request.prefix))
        }
        guard listing.found.count > listing.keysMax else { return ListPage(objects: listing.found, next: nil) }
        let page = Array(listing.found.prefix(listing.keysMax))
        return ListPage(objects: page, next: page.last?.key.description)
    }

    private init(_ layout: DirectoryLayout, _ request: ListRequest) {
        self.layout = layout
        prefix = request.prefix
        after =
            [request.after ?? "", request.continuation ?? ""]
            .max { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? ""
        keysMax = min(max(1, request.keysMax), keysPerRequestMax)
    }

    /// Begins in the deepest folder that every key with the prefix is in.
    private mutating func start() throws(SystemCallError) {
        guard let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/")) else { return try walk(layout.root, key: "") }
        let folder = prefix.utf8[..<slash]
        // A prefix that no key can have, such as "a//": nothing, and no path is made of it.
        guard ObjectKey(String(Substring(folder))) != nil else { return }
        let segments = folder.split(separator: UInt8(ascii: "/")).map(Substring.init)
        try walk(layout.folderPath(segments), key: String(Substring(folder)) + "/")
    }

    private var isFull: Bool { found.count > keysMax }

    /// - Parameter key: of the folder, empty or with a slash at its end.
    private mutating func walk(_ path: String, key: String) throws(SystemCallError) {
        for entry in try entries(path, key: key) {
            if isFull { return }
            if entry.isFolder {
                try walk(entry.path, key: entry.key)
            } else if let objectKey = ObjectKey(entry.key), let facts = try FileFacts.of(entry.path), facts.isRegular {
                found.append(
                    ListedObject(key: objectKey, bytes: facts.bytes, modifiedAt: facts.modifiedAt, tag: facts.tag))
            }
        }
    }

    private struct Entry {
        /// With a slash at its end for a folder, which puts it where its keys sort.
        var key: String
        var path: String
        var isFolder: Bool
    }

    /// What is in a folder and can matter, in order; the pieces of long segments put together.
    private func entries(_ path: String, key: String) throws(SystemCallError) -> [Entry] {
        var entries: [Entry] = []
        try collect(path, key: key, into: &entries)
        return entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    private func collect(_ path: String, key: String, into entries: inout [Entry]) throws(SystemCallError) {
        for (name, mayBeFolder) in try namesInDirectory(path) {
            guard let decoded = DirectoryLayout.decode(name) else { continue }
            let childPath = "\(path)/\(name)"
            switch decoded {
            case .beginning(let text):
                let key = key + text
                if mayBeFolder, key.utf8.count <= ObjectKey.bytesMax {
                    try collect(childPath, key: key, into: &entries)
                }
            case .end(let text):
                let isFolder = mayBeFolder ? try FileFacts.of(childPath)?.isDirectory ?? false : false
                let key = key + text + (isFolder ? "/" : "")
                if isFolder ? folderCanMatter(key) : objectMatters(key) {
                    entries.append(Entry(key: key, path: childPath, isFolder: isFolder))
                }
            }
        }
    }

    private func objectMatters(_ key: String) -> Bool {
        key.utf8.starts(with: prefix.utf8) && after.utf8.lexicographicallyPrecedes(key.utf8)
    }

    private func folderCanMatter(_ key: String) -> Bool {
        guard key.utf8.count < ObjectKey.bytesMax else { return false }
        let canHavePrefix = key.utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: key.utf8)
        return canHavePrefix && (after.utf8.lexicographicallyPrecedes(key.utf8) || after.utf8.starts(with: key.utf8))
    }
}
