import Compression
import Formats
import LakeModel
import ObjectStorage

/// Opening and sealing objects, and the cuts that take them into a commit.
extension TableWriter {
    func open(_ lane: LaneKey, first name: TopicPartition, offset: Int64, workshop: Workshop)
        throws(SourceError) -> OpenObject
    {
        let id = workshop.nextObjectID()
        let path = workshop.naming.path(lane: lane, first: name, offset: offset, object: id, format: settings.format)
        guard let key = ObjectKey("\(settings.name)/\(path)") else {
            throw SourceError("table \(settings.name): no object key can be made of \(path)")
        }
        let object = OpenObject(
            id: id, lane: lane, path: path, key: key, openedAt: workshop.clock.elapsed(),
            content: try content(of: lane, workshop: workshop))
        switch object.content {
        case .lines(let lines): object.bytesCharged = lines.memoryBytes
        case .rows(let rows): workshop.charge(object, bytesNow: rows.memoryBytes)
        }
        uncut[id] = object
        // The group is looked at right behind the event that opened it.
        if uncut.count * OpenObject.entryBytesLeast >= workshop.settings.commitBytesMax { justFilled = object }
        workshop.register(object, table: index)
        return object
    }

    private func content(of lane: LaneKey, workshop: Workshop) throws(SourceError) -> ObjectContent {
        // Dead letters are lines whatever their table is.
        guard let columns, lane.side != .deadLetter else {
            return .lines(LineContent(buffer: workshop.takeBuffer(isBusy: false)))
        }
        do throws(ParquetError) {
            let shape = try columns.current()
            var file = ParquetWriterSettings()
            file.compressionLevel = settings.compressionLevel
            file.rowGroupBytes = workshop.settings.rowGroupBytes
            file.pageBytes = min(file.pageBytes, max(64 << 10, workshop.settings.frameBytes))
            let encoder = RowEncoder(shape, file, bloomFilters: settings.parquet.bloomFilters)
            return .rows(RowContent(rows: try ParquetTableRows(shape), encoder: encoder, shape: shape))
        } catch {
            throw SourceError("table \(settings.name): \(error)")
        }
    }

    /// Seals an object that has reached its size; called when a frame is done, not for every event.
    func sealIfFull(_ object: OpenObject, workshop: Workshop) {
        let reason: RotationReason
        if object.records >= settings.rotate.records {
            reason = .records
        } else if object.compressedBytesEstimate(typicalRatio: typicalRatio) >= settings.rotate.bytes {
            reason = .bytes
        } else {
            return
        }
        seal(object, reason, workshop: workshop)
        justFilled = object
    }

    func seal(_ object: OpenObject, _ reason: RotationReason, workshop: Workshop) {
        detach(object)
        workshop.seal(object, reason, level: settings.compressionLevel)
        counters.rotations[reason, default: 0] += 1
    }

    /// After an object was filled: takes its whole group along where that makes no small files.
    func cutIfFilled(sources: SourceStates, workshop: Workshop) {
        guard let filled = justFilled else { return }
        justFilled = nil
        guard !cutIfCrowded(sources: sources, workshop: workshop) else { return }
        let objects = uncut.values.sorted { $0.id < $1.id }
        let group = CutPlanner.group(of: filled.sources, objects: objects.map(\.sources))
        let others = group.objects.map { objects[$0] }.filter { $0.sealed == nil && $0.records > 0 }
        let bytes = others.map { $0.compressedBytesEstimate(typicalRatio: typicalRatio) }
        guard CutPlanner.shouldCutNow(othersOpenBytes: bytes, rotateBytes: settings.rotate.bytes) else { return }
        cut(group.sources, .group, sources: sources, workshop: workshop)
    }

    /// Cuts everything before it is more than one commit should take: thousands of hours, or of topic partitions in
    /// each object. Answers whether it did.
    @discardableResult
    func cutIfCrowded(sources: SourceStates, workshop: Workshop) -> Bool {
        let objects = uncut.values.lazy.filter { $0.records > 0 }
        guard objects.reduce(0, { $0 + $1.entryBytes }) >= workshop.settings.commitBytesMax else { return false }
        cut(objects.flatMap(\.sources), .group, sources: sources, workshop: workshop)
        return true
    }

    /// Seals every object that shares a topic partition with `seeds`, directly or through others, and queues them for
    /// one commit.
    func cut(_ seeds: some Sequence<Int32>, _ reason: RotationReason, sources: SourceStates, workshop: Workshop) {
        let objects = uncut.values.sorted { $0.id < $1.id }
        let group = CutPlanner.group(of: seeds, objects: objects.map(\.sources))
        var ranges: [Cut.Range] = []
        for source in group.sources.sorted() where sources[source].table == index {
            let state = sources[source]
            guard state.isDirty || state.watermark > state.watermarkCut else { continue }
            ranges.append(
                Cut.Range(
                    source: source, from: state.cut, to: state.next, events: state.events, watermark: state.watermark))
            sources[source].cut = state.next
            sources[source].events = 0
            sources[source].watermarkCut = state.watermark
        }
        let taken = group.objects.map { objects[$0] }
        for object in taken {
            if object.sealed == nil { seal(object, reason, workshop: workshop) }
            uncut[object.id] = nil
        }
        guard !ranges.isEmpty else { return }
        cuts.append(Cut(ranges: ranges, objects: taken, reason: reason, madeAt: workshop.clock.elapsed()))
    }

    /// Lanes whose first event was refused have an object without a record; it goes when it has had its time.
    func discardEmpty(olderThan age: Duration, now: Duration, workshop: Workshop) {
        for object in Array(openObjects) where object.records == 0 && now - object.openedAt >= age {
            detach(object)
            uncut[object.id] = nil
            workshop.discard(object)
        }
    }

    /// Drops all that is not in the catalog. The source is asked for it again.
    func discardAll(workshop: Workshop) {
        let doomed = Array(uncut.values) + committing.flatMap(\.objects)
        let queued = (0..<cuts.count).flatMap { cuts[$0].objects }
        for object in doomed + queued { workshop.discard(object) }
        for lanes in hours.values { router.forget(lanes) }
        (uncut, hours, committing) = ([:], [:], [])
        cuts.removeAll()
        hoursCutThrough = .min
        justFilled = nil
        epoch += 1
    }

    /// The catalog's entry for an object that the store has taken.
    func entry(for object: OpenObject, _ outcome: ObjectUpload.Outcome, sources: SourceStates) -> DataObject {
        let hasTime = object.timeMin <= object.timeMax
        var (uncompressedBytes, schemaID) = (object.content.uncompressedBytes, String?.none)
        var columns: [ColumnStatistics] = []
        if case .rows(let rows) = object.content, let summary = rows.summary {
            (uncompressedBytes, schemaID) = (summary.uncompressedBytes, rows.shape.schemaID)
            columns = rows.shape.statistics(summary)
        }
        return DataObject(
            path: object.path, side: object.lane.side, partition: object.lane.partition,
            format: object.lane.side == .deadLetter ? .envelope : settings.format, bytes: outcome.bytes,
            uncompressedBytes: uncompressedBytes, records: object.records,
            eventTime: hasTime
                ? TimeSpan(
                    min: Timestamp(milliseconds: object.timeMin), max: Timestamp(milliseconds: object.timeMax)) : nil,
            offsets: object.sourceSpans
                .map { OffsetSpan(sources.name($0.source), first: $0.first, last: $0.last, count: $0.count) }
                .sorted { $0.topicPartition < $1.topicPartition },
            checksum: outcome.checksum, schemaID: schemaID, uploadedAt: outcome.info.modifiedAt,
            tags: Set(settings.tags + (object.lane.isLate ? ["late"] : [])).sorted(), columns: columns)
    }
}
