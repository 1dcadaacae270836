public import LakeModel
public import ObjectStorage

/// The keys of one table's files in the lake. Every key is built here.
struct TableKeys: Hashable, Sendable {
    let table: TableName

    /// `<table>/_varve/`, which only tables have.
    var control: String { "\(table)/_varve/" }
    var logPrefix: String { "\(table)/_varve/log/" }
    var checkpointPrefix: String { "\(table)/_varve/checkpoint/" }

    func latest() throws(CatalogError) -> ObjectKey { try key("\(control)latest.json") }
    func boundary() throws(CatalogError) -> ObjectKey { try key("\(control)boundary.json") }

    func entry(_ version: Int64) throws(CatalogError) -> ObjectKey {
        try key("\(logPrefix)\(versionDigits(version)).json")
    }

    func checkpointList(_ version: Int64) throws(CatalogError) -> ObjectKey {
        try key("\(checkpointPrefix)\(versionDigits(version))/list.ndjson.zst")
    }

    /// A path as checkpoint lists state it, relative to `<table>/_varve/checkpoint/`.
    func manifest(_ path: String) throws(CatalogError) -> ObjectKey { try key("\(checkpointPrefix)\(path)") }

    /// A path as commits state it, relative to the table's folder.
    func data(_ path: String) throws(CatalogError) -> ObjectKey { try key("\(table)/\(path)") }

    /// The version of a log entry's key; nil for any other key.
    func entryVersion(_ key: ObjectKey) -> Int64? {
        guard key.description.hasPrefix(logPrefix), key.description.hasSuffix(".json") else { return nil }
        return version(key.description.dropFirst(logPrefix.count).dropLast(".json".count))
    }

    /// The version of a checkpoint list's key; nil for any other key.
    func checkpointVersion(_ key: ObjectKey) -> Int64? {
        let name = "/list.ndjson.zst"
        guard key.description.hasPrefix(checkpointPrefix), key.description.hasSuffix(name) else { return nil }
        return version(key.description.dropFirst(checkpointPrefix.count).dropLast(name.count))
    }

    private func version(_ digits: Substring) -> Int64? {
        guard digits.utf8.count == 20, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(digits)
    }

    private func key(_ text: String) throws(CatalogError) -> ObjectKey {
        guard let key = ObjectKey(text) else { throw .invalid("not an object key: \"\(text.prefix(120))\"") }
        return key
    }
}

extension DataObject {
    /// The key of its bytes; nil where its entry makes none.
    public func key(in table: TableName) -> ObjectKey? { ObjectKey(location(in: table)) }
}

/// A version as 20 digits, so that names sort as versions do.
func versionDigits(_ version: Int64) -> String {
    let digits = String(max(0, version))
    return String(repeating: "0", count: 20 - digits.count) + digits
}
