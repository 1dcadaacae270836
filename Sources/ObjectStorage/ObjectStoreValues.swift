public import LakeModel

/// When a put may take effect.
public enum PutCondition: Hashable, Sendable {
    case always
    /// Only where no object has this key (`If-None-Match: *`).
    case absent
    /// Only where the object has this entity tag (`If-Match`).
    case matches(EntityTag)
}

/// An opaque name for one content of one key, without quotes; never to be read as a digest.
public struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ text: String) {
        description = text
    }
}

public struct UploadID: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// The store's time at its begin, where known: S3 dates a finished object from then.
    public let begunAt: Timestamp?

    public init(_ text: String, begunAt: Timestamp? = nil) {
        (description, self.begunAt) = (text, begunAt)
    }

    public static func == (a: UploadID, b: UploadID) -> Bool { a.description == b.description }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(description)
    }
}

/// A body as a list of chunks, so that a large object is sent without joining its frames in memory.
public struct ObjectBody: Sendable {
    public let chunks: [[UInt8]]
    public let count: Int

    public init(_ bytes: [UInt8]) {
        chunks = [bytes]
        count = bytes.count
    }

    public init(chunks: [[UInt8]]) {
        self.chunks = chunks
        count = chunks.reduce(0) { $0 + $1.count }
    }

    /// The chunks joined: for small bodies and tests.
    public var bytes: [UInt8] {
        if chunks.count == 1 { return chunks[0] }
        // Not `joined()`, which copies byte by byte.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for chunk in chunks { bytes += chunk }
        return bytes
    }
}

extension [[UInt8]] {
    /// Takes `count` bytes off the front, or all there are where that is less; one chunk is cut in two where need be.
    public mutating func takeFirst(bytes count: Int) -> [[UInt8]] {
        var taken: [[UInt8]] = []
        var missing = count
        var index = 0
        while missing > 0, index < self.count {
            let chunk = self[index]
            if chunk.count <= missing {
                taken.append(chunk)
                missing -= chunk.count
                index += 1
            } else {
                taken.append(Array<UInt8>(chunk[..<missing]))
                self[index] = Array<UInt8>(chunk[missing...])
                missing = 0
            }
        }
        removeFirst(index)
        return taken
    }
}

public struct PutOptions: Sendable {
    public var condition: PutCondition
    public var contentType: String?
    /// Verified by the store where it can; recorded by it in any case.
    public var checksum: Checksum?
    /// User metadata; names are lower-case tokens, values printable ASCII.
    public var metadata: [String: String]
    /// `STANDARD_IA`, `GLACIER_IR`, …; nil for the store's default.
    public var storageClass: String?
    public var tags: [String: String]

    public init(
        condition: PutCondition = .always, contentType: String? = nil, checksum: Checksum? = nil,
        metadata: [String: String] = [:], storageClass: String? = nil, tags: [String: String] = [:]
    ) {
        (self.condition, self.contentType, self.checksum) = (condition, contentType, checksum)
        (self.metadata, self.storageClass, self.tags) = (metadata, storageClass, tags)
    }
}

/// What a store says of an object after a put or a head.
public struct ObjectInfo: Hashable, Sendable {
    public var tag: EntityTag
    public var bytes: Int64
    /// The store's own clock: last-modified where it was told, else the `Date` of the answer.
    public var modifiedAt: Timestamp
    public var metadata: [String: String]
    public var storageClass: String?

    public init(
        tag: EntityTag, bytes: Int64, modifiedAt: Timestamp, metadata: [String: String] = [:],
        storageClass: String? = nil
    ) {
        (self.tag, self.bytes, self.modifiedAt) = (tag, bytes, modifiedAt)
        (self.metadata, self.storageClass) = (metadata, storageClass)
    }
}

public struct ObjectContent: Sendable {
    public var bytes: [UInt8]
    /// Of the whole object, even where only a range was asked for.
    public var info: ObjectInfo

    public init(bytes: [UInt8], info: ObjectInfo) {
        (self.bytes, self.info) = (bytes, info)
    }
}

public enum ByteRange: Hashable, Sendable {
    /// From `offset`, at most `count` bytes (fewer at the end of the object).
    case from(Int64, count: Int64)
    /// The last `count` bytes.
    case suffix(Int64)
}

public struct ListRequest: Hashable, Sendable {
    /// A plain string prefix of keys, not a folder: `a/b` matches `a/b`, `a/bc` and `a/b/c`. Empty for all.
    public var prefix: String
    /// Only keys that sort after this one (UTF-8 bytes); it need not exist.
    public var after: String?
    /// From the page before.
    public var continuation: String?
    public var keysMax: Int

    public init(prefix: String, after: String? = nil, continuation: String? = nil, keysMax: Int = 1000) {
        (self.prefix, self.after, self.continuation, self.keysMax) = (prefix, after, continuation, keysMax)
    }
}

public struct ListPage: Sendable {
    public var objects: [ListedObject]
    /// Opaque; nil on the last page.
    public var next: String?
    /// How many keys with the prefix are left out, as no `ObjectKey` can be them: with `//`, say. Folder markers do not
    /// count.
    public var leftOut: Int

    public init(objects: [ListedObject], next: String?, leftOut: Int = 0) {
        (self.objects, self.next, self.leftOut) = (objects, next, leftOut)
    }
}

public struct ListedObject: Hashable, Sendable {
    public var key: ObjectKey
    public var bytes: Int64
    public var modifiedAt: Timestamp
    public var tag: EntityTag

    public init(key: ObjectKey, bytes: Int64, modifiedAt: Timestamp, tag: EntityTag) {
        (self.key, self.bytes, self.modifiedAt, self.tag) = (key, bytes, modifiedAt, tag)
    }
}

public struct DeleteFailure: Hashable, Sendable {
    public var key: ObjectKey
    public var reason: String

    public init(key: ObjectKey, reason: String) {
        (self.key, self.reason) = (key, reason)
    }
}

public struct UploadedPart: Hashable, Sendable {
    public var number: Int
    public var tag: EntityTag
    public var bytes: Int64
    /// As the store wants it repeated on completion, where it gave one.
    public var checksum: Checksum?

    public init(number: Int, tag: EntityTag, bytes: Int64, checksum: Checksum? = nil) {
        (self.number, self.tag, self.bytes, self.checksum) = (number, tag, bytes, checksum)
    }
}

public struct PendingUpload: Hashable, Sendable {
    public var key: ObjectKey
    public var upload: UploadID
    public var startedAt: Timestamp

    public init(key: ObjectKey, upload: UploadID, startedAt: Timestamp) {
        (self.key, self.upload, self.startedAt) = (key, upload, startedAt)
    }
}

/// The least size of a part that is not the last, on S3 and its kin.
public let partBytesMin = 5 << 20
