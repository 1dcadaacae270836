#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Growable raw memory for the uncompressed bytes of one frame; owned by one thread at a time.
///
/// Bytes `0..<count` are content; memory up to `capacity + slackBytes` may be read and written. Appending never
/// allocates while `ensure(free:)` was asked for enough, and no call retains, releases or checks exclusivity.
/// Memory of `mappedBytesMin` and more comes straight from the kernel and goes straight back to it, so that the
/// process's resident size falls when a buffer is given up.
public final class FrameBuffer: @unchecked Sendable {
    /// Readable and writable past `capacity`, for code that works in strides of up to this many bytes.
    public static let slackBytes = 64
    /// From here on memory is mapped, not taken from the heap.
    public static let mappedBytesMin = 256 * 1024
    /// From here on the kernel is asked for large pages, which it gives in a 512th of the faults.
    private static let largePagesBytesMin = 4 << 20

    // Dynamic exclusivity checks would cost a call for each access from another module; one thread owns a buffer.
    @usableFromInline @exclusivity(unchecked) var storedBase: UnsafeMutableRawPointer
    @usableFromInline @exclusivity(unchecked) var storedCount: Int
    @usableFromInline @exclusivity(unchecked) var storedCapacity: Int

    /// Takes memory for `capacityBytes` and the slack; stops the process where there is none.
    public init(capacityBytes: Int) {
        storedCount = 0
        storedCapacity = max(capacityBytes, 0)
        storedBase = Self.take(storedCapacity + Self.slackBytes)
    }

    deinit {
        Self.giveBack(storedBase, storedCapacity + Self.slackBytes)
    }

    /// Bytes of content.
    @inlinable public var count: Int { storedCount }

    /// Bytes of content that fit without growing.
    @inlinable public var capacity: Int { storedCapacity }

    /// The first byte; valid until the next call that may grow the buffer, or until its end.
    @inlinable public var base: UnsafeMutableRawPointer { storedBase }

    /// The content, valid as long as `base`.
    @inlinable public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storedBase, count: storedCount)
    }

    /// Makes room for `bytes` more bytes of content and keeps what is there.
    @inlinable public func ensure(free bytes: Int) {
        if bytes > storedCapacity &- storedCount { grow(toFit: bytes) }
    }

    @inlinable public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        ensure(free: bytes.count)
        (storedBase + storedCount).copyMemory(from: source, byteCount: bytes.count)
        storedCount &+= bytes.count
    }

    @inlinable public func append(_ byte: UInt8) {
        ensure(free: 1)
        storedBase.storeBytes(of: byte, toByteOffset: storedCount, as: UInt8.self)
        storedCount &+= 1
    }

    /// Takes into the content what was written directly behind it; the bytes must fit into the capacity.
    @inlinable public func advance(by bytes: Int) {
        precondition(bytes >= 0 && bytes <= storedCapacity &- storedCount, "advanced past the buffer's capacity")
        storedCount &+= bytes
    }

    /// Cuts the content down to its first `count` bytes.
    @inlinable public func truncate(to count: Int) {
        precondition(count >= 0 && count <= storedCount, "truncated to more than there is")
        storedCount = count
    }

    /// Forgets the content and keeps the memory.
    @inlinable public func clear() {
        storedCount = 0
    }

    /// Forgets the content and gives back memory beyond `capacityBytes`.
    public func clear(keepingCapacityBytes capacityBytes: Int) {
        storedCount = 0
        guard storedCapacity > capacityBytes else { return }
        Self.giveBack(storedBase, storedCapacity + Self.slackBytes)
        storedCapacity = max(capacityBytes, 0)
        storedBase = Self.take(storedCapacity + Self.slackBytes)
    }

    @usableFromInline @inline(never) func grow(toFit bytes: Int) {
        precondition(bytes <= Int.max / 4 - storedCount, "a buffer of more than 2 EiB")
        // Small buffers of rare partitions jump quickly to the size of a frame; large ones double.
        let factor = storedCapacity < 64 * 1024 ? 4 : 2
        let capacity = max(storedCount + bytes, storedCapacity * factor, 1024)
        let base = Self.take(capacity + Self.slackBytes)
        base.copyMemory(from: storedBase, byteCount: storedCount)
        Self.giveBack(storedBase, storedCapacity + Self.slackBytes)
        (storedBase, storedCapacity) = (base, capacity)
    }

    private static func take(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard bytes >= mappedBytesMin else {
            return .allocate(byteCount: bytes, alignment: 64)
        }
        // mmap(2): anonymous private memory is zeroed and page-aligned; MAP_FAILED is (void *)-1.
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(memory != nil && memory != MAP_FAILED, "out of memory")
        #if os(Linux)
        // madvise(2): advice only; a kernel without large pages refuses it, and all is as before.
        if bytes >= largePagesBytesMin { madvise(memory, bytes, MADV_HUGEPAGE) }
        #endif
        return memory.unsafelyUnwrapped
    }

    private static func giveBack(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        if bytes >= mappedBytesMin {
            // munmap(2) fails only for an address or length that mmap did not give.
            munmap(memory, bytes)
        } else {
            memory.deallocate()
        }
    }
}
