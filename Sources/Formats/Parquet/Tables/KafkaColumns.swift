internal import LakeModel

/// The columns that say where an event comes from: the first nine of raw and of shredded tables alike.
struct KafkaColumns {
    private let topic, partition, offset, timestamp, timestampType, key: ParquetColumnBuffer
    private let headerName, headerNameBinary, headerValue: ParquetColumnBuffer

    init(_ columns: [ParquetColumnBuffer]) {
        func column(_ name: RawTable.Column) -> ParquetColumnBuffer { columns[name.rawValue] }
        (topic, partition, offset) = (column(.topic), column(.partition), column(.offset))
        (timestamp, timestampType, key) = (column(.timestamp), column(.timestampType), column(.key))
        (headerName, headerNameBinary) = (column(.headerName), column(.headerNameBinary))
        headerValue = column(.headerValue)
    }

    /// Appends all but the value; answers about how many bytes that is.
    @inline(__always)
    func append(_ event: Event, prefix: borrowing RawTablePrefix, headers: some EventHeaders) -> Int {
        prefix.topic.withUnsafeBytes { topic.append(bytes: $0, definition: 0) }
        partition.append(int32: prefix.partition, definition: 0)
        offset.append(int64: event.offset, definition: 0)
        switch event.timestampType {
        case .create: append(event.timestamp, "create")
        case .append: append(event.timestamp, "append")
        case .none: append(nil, "none")
        }
        key.append(optional: event.key)
        return 64 + (event.key?.count ?? 0) + append(headersOf: event, headers)
    }

    private func append(_ time: Int64?, _ type: StaticString) {
        if let time, KafkaTimestamp.isTime(time) {
            timestamp.append(int64: time, definition: 1)
        } else {
            timestamp.appendNull(definition: 0)
            if let time { return append(number: time, type) }
        }
        let text = UnsafeRawBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount)
        timestampType.append(bytes: text, definition: 0)
    }

    @inline(never)
    private func append(number: Int64, _ type: StaticString) {
        Array("\(type):\(number)".utf8).withUnsafeBytes { timestampType.append(bytes: $0, definition: 0) }
    }

    /// An entry has definition 1; names and values are optional in it. Answers their bytes.
    private func append(headersOf event: Event, _ headers: some EventHeaders) -> Int {
        var level: UInt8 = 0
        var bytes = 0
        headers.forEachHeader(of: event) { name, value in
            let isText = isUTF8(name)
            append(isText ? name : nil, level, headerName)
            append(isText ? nil : name, level, headerNameBinary)
            append(value, level, headerValue)
            bytes += name.count + (value?.count ?? 0)
            level = 1
        }
        if level == 0 {
            headerName.appendNull(definition: 0)
            headerNameBinary.appendNull(definition: 0)
            headerValue.appendNull(definition: 0)
        }
        return bytes
    }

    private func append(_ bytes: UnsafeRawBufferPointer?, _ level: UInt8, _ column: ParquetColumnBuffer) {
        if let bytes {
            column.append(bytes: bytes, definition: 2, repetition: level)
        } else {
            column.appendNull(definition: 1, repetition: level)
        }
    }
}

extension ParquetColumnBuffer {
    /// A value or null of an optional column at the top.
    @inline(__always)
    func append(optional bytes: UnsafeRawBufferPointer?) {
        if let bytes {
            append(bytes: bytes, definition: 1)
        } else {
            appendNull(definition: 0)
        }
    }
}
