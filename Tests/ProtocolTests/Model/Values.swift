// Everything here is made of single bytes, so that a whole world is one run of bytes without padding: it is compared
// and hashed as such.

/// A set of at most eight small numbers: objects, events or log slots.
struct Bits: Hashable {
    var raw: UInt8 = 0

    static func one(_ index: UInt8) -> Bits { Bits(raw: index < 8 ? 1 << index : 0) }

    /// The numbers from `from` up to and without `to`.
    static func range(_ from: UInt8, _ to: UInt8) -> Bits {
        var bits = Bits()
        for index in from..<max(from, to) { bits.insert(index) }
        return bits
    }

    var isEmpty: Bool { raw == 0 }
    func has(_ index: UInt8) -> Bool { raw & Bits.one(index).raw != 0 }
    mutating func insert(_ index: UInt8) { raw |= Bits.one(index).raw }
    mutating func remove(_ index: UInt8) { raw &= ~Bits.one(index).raw }
    func joined(_ other: Bits) -> Bits { Bits(raw: raw | other.raw) }
    func without(_ other: Bits) -> Bits { Bits(raw: raw & ~other.raw) }
    func overlaps(_ other: Bits) -> Bool { raw & other.raw != 0 }
    func contains(all other: Bits) -> Bool { other.without(self).isEmpty }
    var text: String { "{" + (0..<8).filter { has($0) }.map(String.init).joined(separator: ",") + "}" }
}

/// One log entry. An `id` of 0 stands for no entry.
struct Entry: Hashable {
    var id: UInt8 = 0
    var parent: UInt8 = 0
    /// The offsets `[from, to)` that the commit takes; equal where it takes none.
    var from: UInt8 = 0
    var to: UInt8 = 0
    /// The object that it adds, plus one; 0 where it adds none.
    var adds: UInt8 = 0
    var removes = Bits()
    var horizon: UInt8 = 0

    var added: Bits { adds == 0 ? Bits() : .one(adds - 1) }
}

/// A table as of one commit: what an agent knows, what a checkpoint holds, and what is true.
struct Head: Hashable {
    var version: UInt8 = 0
    var id: UInt8 = 0
    /// The next offset of the one topic partition.
    var next: UInt8 = 0
    var live = Bits()
    var horizon: UInt8 = 0

    /// Moves on by one entry, or says why it cannot follow and stays.
    mutating func apply(_ entry: Entry, checksOffsets: Bool) -> Break? {
        guard entry.parent == id else { return .parent }
        let takesOffsets = entry.to > entry.from
        if takesOffsets, checksOffsets, entry.from != next { return .offsets }
        version += 1
        id = entry.id
        if takesOffsets { next = entry.to }
        live = live.without(entry.removes).joined(entry.added)
        horizon = max(horizon, entry.horizon)
        return nil
    }
}

/// Why an entry cannot follow a head.
enum Break { case parent, offsets }

/// A data object in the store.
struct StoredObject: Hashable {
    var isPresent = false
    /// The store's time of its upload, in vacuums begun before it.
    var uploadedAt: UInt8 = 0
    /// The events that it holds, by offset.
    var events = Bits()
}

/// A put that left its writer without an answer and may still arrive; a version of 0 stands for none.
struct InFlight: Hashable {
    var version: UInt8 = 0
    var entry = Entry()
}

enum Role: UInt8 { case writer, compactor, collector }

/// The next request of an agent. Whatever it works out between two requests belongs to the first.
enum Step: UInt8 {
    /// A collector between two rounds.
    case idle
    case upload
    /// Reading the entry after `fresh`.
    case replay
    /// Comparing the boundary after a replay.
    case confirm
    case put
    case readBack
    /// Reading the boundary after a put that has its version.
    case settle
    case listObjects
    case deleteObjects
    case advanceBoundary
    case deleteEntries
    case done
}

/// What follows when an agent has caught up with the log.
enum Goal: UInt8 { case retry, nextChange, collect }
