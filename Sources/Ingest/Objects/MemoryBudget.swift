import Compression

/// The one hard budget for the writer's own memory: frames being filled, frames being compressed, bytes on their way
/// to the store. Kept by the ingest thread alone.
struct MemoryBudget {
    let bytesMax: Int
    private(set) var bytesUsed = 0
    private(set) var bytesPeak = 0
    /// What an event has cost lately; much at first, when nobody knows.
    private var bytesPerEvent = 64 * 1024

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// How many events can be taken at once: they fill half of what is left at most, as buffers grow in leaps.
    var eventsRoom: Int { max(1, (bytesMax / 8 * 7 - bytesUsed) / 2 / bytesPerEvent) }

    /// Learns from events that were placed: fast where they are larger than thought, slowly where they are smaller.
    mutating func learn(events: Int, payloadBytes: Int, usedBefore: Int) {
        guard events > 0 else { return }
        let cost = max(1, payloadBytes, bytesUsed - usedBefore) / events + 1
        bytesPerEvent = max(cost, bytesPerEvent - (bytesPerEvent - cost) / 8)
    }

    mutating func charge(_ bytes: Int) {
        bytesUsed += bytes
        bytesPeak = max(bytesPeak, bytesUsed)
    }

    mutating func release(_ bytes: Int) {
        bytesUsed -= bytes
    }

    /// Over this, raw frames are compressed early: they shrink to a fifth or so.
    var shouldCompressEarly: Bool { bytesUsed > bytesMax / 2 }
    /// Over this, the largest open object is sealed.
    var shouldSeal: Bool { bytesUsed > bytesMax / 4 * 3 }
    /// Over this, nothing more is taken from the source.
    var isFull: Bool { bytesUsed > bytesMax / 8 * 7 }
    /// Under this, a full budget counts as eased.
    var isEased: Bool { bytesUsed < bytesMax / 8 * 5 }
}

/// Frame buffers for reuse, so that busy lanes do not ask the kernel for fresh pages at every frame.
struct FrameBufferPool {
    private let fullBytes: Int
    private let keptMax: Int
    private var kept: [FrameBuffer] = []

    /// Small lanes begin with this and grow: most of a thousand open hours are small.
    static let firstBytes = 16 << 10

    init(fullBytes: Int, keptMax: Int) {
        (self.fullBytes, self.keptMax) = (fullBytes, keptMax)
    }

    /// A buffer for a lane whose last frame was full (`isBusy`), or for one that has yet to show.
    mutating func take(isBusy: Bool) -> FrameBuffer {
        guard isBusy else { return FrameBuffer(capacityBytes: Self.firstBytes) }
        return kept.popLast() ?? FrameBuffer(capacityBytes: fullBytes + fullBytes / 8)
    }

    /// Returns how many bytes of memory went back to the system.
    mutating func giveBack(_ buffer: FrameBuffer) -> Int {
        guard buffer.capacity >= fullBytes, buffer.capacity <= fullBytes * 2, kept.count < keptMax else {
            return buffer.capacity
        }
        buffer.clear()
        kept.append(buffer)
        return 0
    }

    /// Returns how many bytes of memory went back to the system.
    mutating func dropKept() -> Int {
        defer { kept = [] }
        return kept.reduce(0) { $0 + $1.capacity }
    }

    /// A kept buffer is charged to the budget already; a fresh one is not.
    var hasKept: Bool { !kept.isEmpty }
}
