import LakeModel
import ObjectStorage
import TestSupport
import Testing

@Suite("Checksums")
struct ChecksumTests {
    @Test(
        "the check values of the published algorithms come out",
        arguments: [
            (.crc32c, "123456789", "e3069283"), (.crc64nvme, "123456789", "ae8b14860a799888"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (.crc32c, "", "00000000"), (.crc64nvme, "", "0000000000000000"),
        ] as [(Checksum.Algorithm, String, String)])
    func known(algorithm: Checksum.Algorithm, text: String, expected: String) {
        let checksum = Checksum(algorithm, of: Array(text.utf8))
        #expect(checksum.value == expected)
        #expect(checksum.bytes?.count == algorithm.byteCount)
    }

    @Test("pieces of any size at any alignment give the checksum of the whole", arguments: Checksum.Algorithm.allCases)
    func pieces(algorithm: Checksum.Algorithm) {
        var random = SeededGenerator(seed: 11)
        let bytes = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let whole = Checksum(algorithm, of: bytes)
        for _ in 0..<100 {
            var (chunks, start): ([[UInt8]], Int) = ([], 0)
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 0...97, using: &random))
                chunks.append(Array(bytes[start..<end]))
                start = end
            }
            #expect(Checksum(algorithm, of: chunks) == whole)
        }
    }

    @Test("the checksums of two runs combine to that of both")
    func combines() {
        var random = SeededGenerator(seed: 3)
        for count in [0, 1, 7, 8, 100, 70_000] {
            let a = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
            let b = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(CRC32C.combine(crc32c(a), crc32c(b), countOfB: count) == crc32c(a + b))
            #expect(CRC64NVME.combine(crc64(a), crc64(b), countOfB: count) == crc64(a + b))
        }
    }

    @Test("hex that is not a checksum of its algorithm has no bytes")
    func malformed() {
        for value in ["", "e306928", "e306928g", "E306928312", "+e306928"] {
            #expect(Checksum(algorithm: .crc32c, value: value).bytes == nil)
        }
    }

    private func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }

    private func crc64(_ bytes: [UInt8]) -> UInt64 {
        var crc = CRC64NVME()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }
}
