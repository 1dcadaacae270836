import Glibc

/// Growable raw memory for one frame's uncompressed bytes. Owned by one thread at a time; handing it over hands over all.
///
/// `slackBytes` past the content are always readable and writable, as SIMD readers want. Memory of 256 KiB and more
/// comes straight from the kernel and goes straight back, so that the resident size follows the use.
public final class FrameBuffer: @unchecked Sendable {
    public static let slackBytes = 64

    /// Bytes in use.
    public private(set) var count = 0
    /// Bytes that fit before it has to grow; the slack is not counted.
    public private(set) var capacity: Int
    /// Where the content begins; moves when the buffer grows.
    public private(set) var base: UnsafeMutableRawPointer

    private static let mappedFrom = 256 << 10

    public init(capacityBytes: Int) {
        capacity = capacityBytes
        base = Self.allocate(capacityBytes)
    }

    deinit {
        Self.free(base, capacity)
    }

    /// Makes room for `bytes` more.
    @inline(__always)
    public func ensure(free bytes: Int) {
        if capacity - count < bytes { grow(toHold: count + bytes) }
    }

    @inline(__always)
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        ensure(free: bytes.count)
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    public func append(_ byte: UInt8) {
        ensure(free: 1)
        (base + count).storeBytes(of: byte, as: UInt8.self)
        count += 1
    }

    /// Takes `bytes` into the content that were written directly behind it.
    @inline(__always)
    public func advance(by bytes: Int) {
        precondition(bytes <= capacity - count)
        count += bytes
    }

    @inline(__always)
    public func truncate(to newCount: Int) {
        precondition(newCount <= count)
        count = newCount
    }

    public func clear() {
        count = 0
    }

    private func grow(toHold needed: Int) {
        let larger = max(needed, capacity < 64 << 10 ? capacity * 4 : capacity * 2)
        let moved = Self.allocate(larger)
        moved.copyMemory(from: base, byteCount: count)
        Self.free(base, capacity)
        (base, capacity) = (moved, larger)
    }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        let bytes = capacity + slackBytes
        if bytes >= mappedFrom,
            let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapped != MAP_FAILED
        {
            return mapped
        }
        // Out of address space: the allocator says so in its own way.
        return .allocate(byteCount: bytes, alignment: 64)
    }

    private static func free(_ base: UnsafeMutableRawPointer, _ capacity: Int) {
        if capacity + slackBytes >= mappedFrom { munmap(base, capacity + slackBytes) } else { base.deallocate() }
    }
}
