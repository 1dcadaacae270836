import Compression
import Foundation
import TestSupport
import Testing

@Suite("Frame buffers")
struct FrameBufferTests {
    @Test("content survives growing, and slack lies behind it", arguments: [0, 1, 100, 5000, 256 * 1024, 3 << 20])
    func growth(capacity: Int) {
        let buffer = FrameBuffer(capacityBytes: capacity)
        #expect(buffer.capacity >= capacity)
        var expected: [UInt8] = []
        var generator = SeededGenerator(seed: UInt64(capacity))
        while expected.count < capacity * 2 + 1000 {
            let piece = (0..<Int.random(in: 0...20_000, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
            piece.withUnsafeBytes { buffer.append($0) }
            buffer.append(7)
            expected += piece + [7]
        }
        #expect(Array(buffer.bytes) == expected)
        let slack = UnsafeMutableRawBufferPointer(
            start: buffer.base + buffer.count, count: buffer.capacity - buffer.count + FrameBuffer.slackBytes)
        for index in slack.indices { slack[index] = 0xEE }
        #expect(Array(buffer.bytes) == expected)
    }

    @Test("what was written behind the content is taken in, and cut off again")
    func advance() {
        let buffer = FrameBuffer(capacityBytes: 16)
        buffer.append(1)
        buffer.ensure(free: 8)
        (buffer.base + buffer.count).storeBytes(of: 0x0202_0202, as: UInt32.self)
        buffer.advance(by: 4)
        #expect(Array(buffer.bytes) == [1, 2, 2, 2, 2])
        buffer.truncate(to: 2)
        #expect(Array(buffer.bytes) == [1, 2])
        buffer.clear()
        #expect(buffer.count == 0 && buffer.capacity >= 9)
    }

    @Test("clearing gives back memory beyond what is to be kept")
    func keeping() {
        let buffer = FrameBuffer(capacityBytes: 4 << 20)
        buffer.append(1)
        buffer.clear(keepingCapacityBytes: 1000)
        #expect(buffer.count == 0 && buffer.capacity == 1000)
        buffer.clear(keepingCapacityBytes: 5000)
        #expect(buffer.capacity == 1000)
    }

    @Test("memory goes back to the system with its buffer")
    func residentSize() throws {
        let bytes = 96 << 20
        // Other tests of this process take and give back memory too: one undisturbed round of several is enough.
        let sawIt = try (0..<20).contains { _ in
            let before = try residentBytes()
            var buffers = (0..<96).map { _ in FrameBuffer(capacityBytes: bytes / 96) }
            for buffer in buffers {
                buffer.base.initializeMemory(as: UInt8.self, repeating: 1, count: buffer.capacity)
            }
            let during = try residentBytes()
            buffers = []
            let after = try residentBytes()
            return abs(during - before - bytes) < bytes / 8 && abs(during - after - bytes) < bytes / 8
        }
        #expect(sawIt)
    }

    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .ascii)
        return try #require(Int(text.split(separator: " ")[1])) * 4096
    }
}
