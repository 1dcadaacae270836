import Formats

extension FuzzTarget {
    /// Files of other writers, with page checksums left alone so that changed bytes reach the decoders behind them.
    static let parquet = FuzzTarget(name: "parquet") { bytes in
        var settings = ParquetReaderSettings()
        (settings.footerBytesMax, settings.pageBytesMax, settings.rowBytesMax) = (64 << 10, 1 << 20, 1 << 20)
        settings.verifiesChecksums = false
        guard let file = try? ParquetFileReader(ParquetMemorySource(Array(bytes)), settings: settings) else { return }
        for group in 0..<min(file.rowGroupCount, 16) {
            for index in file.schema.columns.indices.prefix(64) { _ = file.statistics(inGroup: group, column: index) }
        }
        guard let rows = try? ParquetRowReader(file) else { return }
        var count: Int64 = 0
        while count < 5000, let row = try? rows.next() {
            require(row.count == rows.fields.count, "a row has a value for each field")
            count += 1
        }
        require(count <= max(0, file.rowCount), "no more rows come than the footer counts")
    }

    /// Schemas that somebody wrote by hand.
    static let schemas = FuzzTarget(name: "schemas") { bytes in
        _ = try? ShreddedSchema(jsonSchema: Array(bytes))
        _ = try? ShreddedSchema(avroSchema: Array(bytes))
    }
}
