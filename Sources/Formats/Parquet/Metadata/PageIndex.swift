/// Where the pages of a column chunk are (parquet.thrift, `OffsetIndex`; parquet-format, PageIndex.md).
struct OffsetIndex {
    struct Page {
        var offset: Int64
        /// With the page's header.
        var compressedBytes: Int32
        /// In the row group.
        var firstRow: Int64
    }

    var pages: [Page] = []

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        try reader.begin()
        while let field = try reader.next() {
            guard field.id == 1 else {
                try reader.skip(field)
                continue
            }
            pages = try reader.structures(field) { (reader) throws(ParquetError) in
                var page = Page(offset: -1, compressedBytes: -1, firstRow: -1)
                try reader.begin()
                while let field = try reader.next() {
                    switch field.id {
                    case 1: page.offset = try reader.int64(field)
                    case 2: page.compressedBytes = try reader.int32(field)
                    case 3: page.firstRow = try reader.int64(field)
                    default: try reader.skip(field)
                    }
                }
                return page
            }
        }
    }

    func encoded() -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.structures(1, pages) { writer, page in
                writer.int64(1, page.offset)
                writer.int32(2, page.compressedBytes)
                writer.int64(3, page.firstRow)
            }
        }
        return writer.bytes
    }
}

/// What values the pages of a column chunk have (parquet.thrift, `ColumnIndex`).
struct ColumnIndex {
    enum Order: Int32 {
        case none = 0
        case ascending = 1
        case descending = 2
    }

    var nullPages: [Bool] = []
    var minValues: [[UInt8]] = []
    var maxValues: [[UInt8]] = []
    var order = Order.none
    var nullCounts: [Int64]?

    init() {}

    init(from reader: inout ThriftReader) throws(ParquetError) {
        try reader.begin()
        while let field = try reader.next() {
            switch field.id {
            case 1: nullPages = try reader.bools(field)
            case 2: minValues = try reader.binaries(field)
            case 3: maxValues = try reader.binaries(field)
            case 4: order = Order(rawValue: try reader.int32(field)) ?? .none
            case 5: nullCounts = try reader.integers(field)
            default: try reader.skip(field)
            }
        }
        guard minValues.count == nullPages.count, maxValues.count == nullPages.count else {
            throw .damaged("a column index whose lists differ in length")
        }
    }

    func encoded() -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.bools(1, nullPages)
            writer.binaries(2, minValues)
            writer.binaries(3, maxValues)
            writer.int32(4, order.rawValue)
            writer.int64s(5, nullCounts)
        }
        return writer.bytes
    }
}
