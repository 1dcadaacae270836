internal import CSimdjson

/// Least and greatest of some values in plain encoding, perhaps cut short, which is noted.
struct Bounds {
    var min: [UInt8]
    var max: [UInt8]
    var isMinExact = true
    var isMaxExact = true

    /// Takes other values of the same column in.
    mutating func merge(_ other: Bounds, _ order: ValueOrder) {
        if order.isLess(other.min, min) { (min, isMinExact) = (other.min, other.isMinExact) }
        if order.isLess(max, other.max) { (max, isMaxExact) = (other.max, other.isMaxExact) }
    }

    /// Cuts long byte arrays: the minimum down, the maximum up (PageIndex.md: any value that is still a bound).
    mutating func truncate(to bytesMax: Int, isText: Bool) {
        if min.count > bytesMax {
            min = Array(min.prefix(isText ? characterStart(min, bytesMax) : bytesMax))
            isMinExact = false
        }
        if max.count > bytesMax {
            let cut = max.prefix(isText ? characterStart(max, bytesMax) : bytesMax)
            if let raised = isText ? raisedText(cut) : raisedBytes(cut) {
                (max, isMaxExact) = (raised, false)
            }
        }
    }
}

/// Where the UTF-8 character that byte `index` is in starts.
private func characterStart(_ text: [UInt8], _ index: Int) -> Int {
    var start = index
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
}

/// The least bytes of that length or less that are greater than all that begin so; nil where there are none.
private func raisedBytes(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    guard let last = bytes.lastIndex(where: { $0 != 0xFF }) else { return nil }
    var result = Array(bytes[...last])
    result[result.count - 1] += 1
    return result
}

/// The same for text, so that the result is UTF-8 again; nil too where the bytes are not UTF-8.
private func raisedText(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var scalars = Array(text.unicodeScalars)
    while let last = scalars.popLast() {
        // Behind the last before the surrogates comes the first after them.
        let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
        guard let raised = Unicode.Scalar(next) else { continue }
        scalars.append(raised)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return Array(String(view).utf8)
    }
    return nil
}

extension UnsafeMutablePointer<varve_column> {
    /// Of the values that wait to become a page; nil where there are none that the order can compare.
    func bounds(_ order: ValueOrder) -> Bounds? {
        let count = pointee.value_count
        guard count > 0, let values = UnsafeRawPointer(pointee.values) else { return nil }
        switch order {
        case .boolean: return extremes(values, count, as: UInt8.self)
        case .signed32: return extremes(values, count, as: Int32.self)
        case .unsigned32: return extremes(values, count, as: UInt32.self)
        case .signed64: return extremes(values, count, as: Int64.self)
        case .unsigned64: return extremes(values, count, as: UInt64.self)
        case .float: return floatingExtremes(values, count, as: Float.self)
        case .double: return floatingExtremes(values, count, as: Double.self)
        case .lexicographic: return byteExtremes(count)
        case .decimalBytes: return orderedExtremes(count, order)
        case .none: return nil
        }
    }

    private func extremes<Value: FixedWidthInteger>(
        _ values: UnsafeRawPointer, _ count: Int, as: Value.Type
    ) -> Bounds {
        var least = Value.max
        var greatest = Value.min
        for index in 0..<count {
            let value = values.loadUnaligned(fromByteOffset: index &* MemoryLayout<Value>.size, as: Value.self)
            least = Swift.min(least, value)
            greatest = Swift.max(greatest, value)
        }
        return Bounds(min: plain(least), max: plain(greatest))
    }

    /// NaN takes no part; zeros widen to both signs, as readers may not tell them apart (parquet.thrift).
    private func floatingExtremes<Value: BinaryFloatingPoint>(
        _ values: UnsafeRawPointer, _ count: Int, as: Value.Type
    ) -> Bounds? {
        var least = Value.infinity
        var greatest = -Value.infinity
        var isEmpty = true
        for index in 0..<count {
            let value = values.loadUnaligned(fromByteOffset: index &* MemoryLayout<Value>.size, as: Value.self)
            if value.isNaN { continue }
            isEmpty = false
            if value < least { least = value }
            if value > greatest { greatest = value }
        }
        guard !isEmpty else { return nil }
        return Bounds(min: plain(least == 0 ? -Value.zero : least), max: plain(greatest == 0 ? Value.zero : greatest))
    }

    private func byteExtremes(_ count: Int) -> Bounds {
        let width = Int(pointee.width)
        var (least, greatest) = (slice(0, width), slice(0, width))
        var (leastHead, greatestHead) = (head(least), head(greatest))
        for index in 1..<Swift.max(count, 1) {
            let value = slice(index, width)
            let start = head(value)
            if start < leastHead || start == leastHead && value.lexicographicallyPrecedes(least) {
                (least, leastHead) = (value, start)
            } else if start > greatestHead || start == greatestHead && greatest.lexicographicallyPrecedes(value) {
                (greatest, greatestHead) = (value, start)
            }
        }
        return Bounds(min: Array(least), max: Array(greatest))
    }

    private func orderedExtremes(_ count: Int, _ order: ValueOrder) -> Bounds {
        let width = Int(pointee.width)
        var (least, greatest) = (slice(0, width), slice(0, width))
        for index in 1..<Swift.max(count, 1) {
            let value = slice(index, width)
            if order.isLess(value, least) { least = value }
            if order.isLess(greatest, value) { greatest = value }
        }
        return Bounds(min: Array(least), max: Array(greatest))
    }
}

private func plain<Value>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
}

/// The first eight bytes as a number that sorts as they do; zeros behind a shorter value.
@inline(__always)
private func head(_ value: UnsafeRawBufferPointer) -> UInt64 {
    if value.count >= 8 { return UInt64(bigEndian: value.loadUnaligned(as: UInt64.self)) }
    var word: UInt64 = 0
    for byte in value { word = word << 8 | UInt64(byte) }
    return value.isEmpty ? 0 : word << UInt64(64 &- 8 &* value.count)
}
