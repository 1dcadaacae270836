import LakeModel

/// Reads and writes times in the one form that the catalog writes, `2026-11-21T05:07:09.250Z`. The general parser of
/// `Timestamp` is generic over collections and not specialised across modules: manifests spend most of their time
/// there.
enum FastTime {
    /// The canonical form at once, anything else by the general parser.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        guard bytes.count == 24, bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "."), bytes[23] == UInt8(ascii: "Z"),
            let hour = number(bytes, 11, 2), hour < 24, let minute = number(bytes, 14, 2), minute < 60,
            let second = number(bytes, 17, 2), second < 60, let millisecond = number(bytes, 20, 3),
            let day = day(UnsafeBufferPointer(rebasing: bytes[..<10]))
        else { return Timestamp.parse(bytes) }
        let inDay = (hour * 60 + minute) * 60_000 + second * 1000 + millisecond
        return Timestamp(milliseconds: Int64(day.daysSinceEpoch) * 86_400_000 + Int64(inDay))
    }

    /// `2026-11-21`; nil for anything else.
    static func day(_ bytes: UnsafeBufferPointer<UInt8>) -> CalendarDay? {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes, 0, 4), let month = number(bytes, 5, 2), let day = number(bytes, 8, 2)
        else { return nil }
        return CalendarDay(year: year, month: month, day: day)
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ width: Int) -> Int? {
        var value = 0
        for index in start..<(start + width) {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    /// Appends what `Timestamp.description` says.
    static func append(_ time: Timestamp, to bytes: inout [UInt8]) {
        let inDay = Int(time.milliseconds.flooredRemainder(by: 86_400_000))
        append(time.day, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(inDay / 3_600_000, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 60_000 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 1000 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(inDay % 1000, width: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Appends what `CalendarDay.description` says.
    static func append(_ day: CalendarDay, to bytes: inout [UInt8]) {
        let (year, month, dayOfMonth) = day.components
        guard (0...9999).contains(year) else {
            bytes.append(contentsOf: day.description.utf8)
            return
        }
        append(year, width: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(month, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(dayOfMonth, width: 2, to: &bytes)
    }

    private static func append(_ value: Int, width: Int, to bytes: inout [UInt8]) {
        var divisor = [1, 10, 100, 1000][width - 1]
        while divisor > 0 {
            bytes.append(UInt8(48 + value / divisor % 10))
            divisor /= 10
        }
    }
}
