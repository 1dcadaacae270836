import LakeModel

/// Writes one click-stream event after another, field by field, without allocating.
struct ClickStreamWriter: Sendable {
    private let vocabulary = Vocabulary()
    private static let usersMax: UInt64 = 200_000

    /// One of 200,000 users: `u-` and ten hex digits.
    func writeUser(_ bits: UInt64, _ cursor: inout ByteCursor) {
        var mixer = SplitMix(seed: bits % Self.usersMax)
        cursor.text("u-")
        cursor.hex(mixer.next(), digits: 10)
    }

    /// Between 64 and 319 bytes that no reader can take for text: 0xFF never occurs in UTF-8.
    func writeBinary(_ random: inout SplitMix, _ cursor: inout ByteCursor) {
        let length = 64 + Int(random.next() & 255)
        cursor.byte(0xFF)
        for _ in 1..<length { cursor.byte(UInt8(truncatingIfNeeded: random.next())) }
    }

    func writeEvent(
        _ index: Int, _ timestamp: Int64, _ userBits: UInt64, _ random: inout SplitMix, _ cursor: inout ByteCursor
    ) {
        let (picks, shape) = (random.next(), random.next())
        cursor.text(#"{"event_id":""#)
        writeIdentifier(&random, &cursor)
        cursor.text(#"","event_type":""#)
        vocabulary.types.write(picks & 0xFFFF, &cursor)
        cursor.text(#"","ts":""#)
        writeTime(timestamp, &cursor)
        cursor.text(#"","ts_ms":"#)
        cursor.decimal(UInt64(timestamp.magnitude))
        cursor.text(#","tenant_id":"tenant-"#)
        cursor.decimal((picks >> 16 & 0xFFFF) % 200, width: 4)
        writeUserAndDevice(userBits, picks >> 32, shape, &random, &cursor)
        writePage(shape, &random, &cursor)
        writeProperties(shape, &random, &cursor)
        cursor.text(#","ip":""#)
        cursor.decimal(10 + (shape >> 4) % 200)
        for shift in [6, 14, 22] as [UInt64] {
            cursor.byte(UInt8(ascii: "."))
            cursor.decimal(shape >> shift & 255)
        }
        cursor.text(#"","user_agent":""#)
        vocabulary.agents.write(shape >> 1 & 0x1FFF_FFFF, &cursor)
        cursor.text(#"","seq":"#)
        cursor.decimal(UInt64(index.magnitude))
        cursor.byte(UInt8(ascii: "}"))
    }

    private func writeUserAndDevice(
        _ userBits: UInt64, _ picks: UInt64, _ shape: UInt64, _ random: inout SplitMix, _ cursor: inout ByteCursor
    ) {
        cursor.text(#"","user":{"id":""#)
        writeUser(userBits, &cursor)
        cursor.text(#"","session_id":""#)
        cursor.hex(random.next(), digits: 16)
        cursor.text(#"","country":""#)
        vocabulary.countries.write(picks & 0xFFFF, &cursor)
        cursor.text(#"","plan":""#)
        vocabulary.plans.write(shape & 3, &cursor)
        cursor.text(#""},"device":{"os":"#)
        vocabulary.systems.write(picks >> 16 & 255, &cursor)
        cursor.text(#","model":""#)
        vocabulary.models.write(shape >> 4 & 7, &cursor)
        cursor.text(#"","app_version":"5."#)
        cursor.decimal(shape >> 7 & 15)
        cursor.byte(UInt8(ascii: "."))
        cursor.decimal(shape >> 11 & 7)
    }

    private func writePage(_ shape: UInt64, _ random: inout SplitMix, _ cursor: inout ByteCursor) {
        let bits = random.next()
        cursor.text(#""},"page":{"url":"https://"#)
        vocabulary.hosts.write(shape >> 16 & 3, &cursor)
        cursor.text("/p/")
        cursor.decimal(bits & 0xF_FFFF)
        cursor.byte(UInt8(ascii: "/"))
        vocabulary.words.write(shape & 0x3FFF_FFFF, &cursor)
        cursor.byte(UInt8(ascii: "-"))
        vocabulary.words.write(shape >> 5 & 0x1FF_FFFF, &cursor)
        cursor.byte(UInt8(ascii: "-"))
        vocabulary.words.write(shape >> 10 & 0xF_FFFF, &cursor)
        cursor.text("?ref=")
        cursor.hex(bits >> 20, digits: 5)
        cursor.text(#"","referrer":""#)
        vocabulary.referrers.write(shape >> 18 & 3, &cursor)
        cursor.text(#"","load_ms":"#)
        cursor.decimal(20 + (bits >> 40 & 2047))
    }

    private func writeProperties(_ shape: UInt64, _ random: inout SplitMix, _ cursor: inout ByteCursor) {
        let cents = random.next() & 0x7FFF
        cursor.text(#"},"props":{"price":"#)
        cursor.decimal(cents / 100)
        cursor.byte(UInt8(ascii: "."))
        cursor.decimal(cents % 100, width: 2)
        cursor.text(#","currency":""#)
        vocabulary.currencies.write(shape >> 20 & 1023, &cursor)
        cursor.text(#"","quantity":"#)
        cursor.decimal(1 + (shape >> 22 & 3))
        cursor.text(#","tags":[""#)
        vocabulary.words.write(shape >> 3 & 0x7FF_FFFF, &cursor)
        cursor.text(#"",""#)
        vocabulary.words.write(shape >> 9 & 0x1F_FFFF, &cursor)
        cursor.text(#""]}"#)
    }

    /// 128 random bits in the shape of a UUID.
    private func writeIdentifier(_ random: inout SplitMix, _ cursor: inout ByteCursor) {
        let (high, low) = (random.next(), random.next())
        cursor.hex(high >> 32, digits: 8)
        cursor.byte(UInt8(ascii: "-"))
        cursor.hex(high >> 16, digits: 4)
        cursor.byte(UInt8(ascii: "-"))
        cursor.hex(high, digits: 4)
        cursor.byte(UInt8(ascii: "-"))
        cursor.hex(low >> 48, digits: 4)
        cursor.byte(UInt8(ascii: "-"))
        cursor.hex(low, digits: 12)
    }

    /// ISO 8601 in UTC with milliseconds; the date by Howard Hinnant's `civil_from_days`.
    private func writeTime(_ milliseconds: Int64, _ cursor: inout ByteCursor) {
        let time = UInt64(max(0, milliseconds))
        let days = time / 86_400_000 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        cursor.decimal(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), width: 4)
        cursor.byte(UInt8(ascii: "-"))
        cursor.decimal(month, width: 2)
        cursor.byte(UInt8(ascii: "-"))
        cursor.decimal(dayOfYear - (153 * shifted + 2) / 5 + 1, width: 2)
        cursor.byte(UInt8(ascii: "T"))
        cursor.decimal(time / 3_600_000 % 24, width: 2)
        cursor.byte(UInt8(ascii: ":"))
        cursor.decimal(time / 60_000 % 60, width: 2)
        cursor.byte(UInt8(ascii: ":"))
        cursor.decimal(time / 1000 % 60, width: 2)
        cursor.byte(UInt8(ascii: "."))
        cursor.decimal(time % 1000, width: 3)
        cursor.byte(UInt8(ascii: "Z"))
    }
}
