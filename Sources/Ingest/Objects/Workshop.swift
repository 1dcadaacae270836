import Compression
import LakeModel
import ObjectStorage

/// What all tables of one writer share: the memory budget, frame buffers, object numbers, the compressors and the
/// store. Belongs to the ingest thread.
final class Workshop {
    let settings: IngestSettings
    let naming: ObjectNaming
    let compression: any FrameCompressing
    let upload: UploadMeans
    let clock: any LakeClock
    var budget: MemoryBudget
    var pool: FrameBufferPool
    /// Frames and row jobs that are being encoded.
    var framesInFlight = 0
    /// Every object that is neither committed nor discarded, with the table that it belongs to.
    private(set) var live: [Int: (object: OpenObject, table: Int)] = [:]
    private var objectsMade = 0

    init(
        settings: IngestSettings, writerID: String, compression: any FrameCompressing, upload: UploadMeans,
        clock: any LakeClock
    ) {
        self.settings = settings
        naming = ObjectNaming(writerID: writerID)
        (self.compression, self.upload, self.clock) = (compression, upload, clock)
        budget = MemoryBudget(bytesMax: settings.memoryBytesMax)
        pool = FrameBufferPool(fullBytes: settings.frameBytes, keptMax: settings.compressionThreads * 2)
    }

    func nextObjectID() -> Int {
        objectsMade += 1
        return objectsMade
    }

    func register(_ object: OpenObject, table: Int) {
        live[object.id] = (object, table)
    }

    /// Forgets an object that is committed.
    func retire(_ object: OpenObject) {
        charge(object, bytesNow: 0)
        letGo(object)
        live[object.id] = nil
    }

    /// Charges what is kept of a sealed object: while only the log is out of reach, thousands wait for their commit.
    func keep(_ object: OpenObject) {
        let bytes = object.keptBytes
        budget.charge(bytes - object.keptBytesCharged)
        object.keptBytesCharged = bytes
    }

    private func letGo(_ object: OpenObject) {
        budget.release(object.keptBytesCharged)
        object.keptBytesCharged = 0
    }

    func takeBuffer(isBusy: Bool) -> FrameBuffer {
        let wasKept = isBusy && pool.hasKept
        let buffer = pool.take(isBusy: isBusy)
        if !wasKept { budget.charge(buffer.capacity) }
        return buffer
    }

    func giveBack(_ buffer: FrameBuffer) {
        budget.release(pool.giveBack(buffer))
    }

    /// Gives buffers that wait for reuse back to the system.
    func dropKeptBuffers() {
        budget.release(pool.dropKept())
    }

    /// Charges what an object's content has grown by since it was last looked at.
    @inline(__always)
    func charge(_ object: OpenObject, bytesNow bytes: Int) {
        guard bytes != object.bytesCharged else { return }
        budget.charge(bytes - object.bytesCharged)
        object.bytesCharged = bytes
    }

    /// Sends what was gathered to the encoders.
    func flush(_ object: OpenObject, level: Int32) {
        switch object.content {
        case .lines(let lines): flushFrame(lines, of: object, level: level)
        case .rows(let rows):
            rows.flush()
            startJob(rows, of: object)
        }
    }

    /// Sends the frame being filled to the compressors, and gives the object a fresh buffer unless it is sealed.
    private func flushFrame(_ lines: LineContent, of object: OpenObject, level: Int32) {
        guard lines.buffer.count > 0 else { return }
        let isBusy = lines.buffer.count >= settings.frameBytes && object.sealed == nil
        let next = object.sealed == nil ? takeBuffer(isBusy: isBusy) : FrameBuffer(capacityBytes: 0)
        object.bytesCharged = object.sealed == nil ? next.capacity : 0
        let (frame, buffer) = lines.takeFrame(next: next)
        framesInFlight += 1
        compression.submit(FrameJob(object: object.id, frame: frame, buffer: buffer, level: level))
    }

    /// Gives the encoder of a Parquet object its next job, where it is free and there is one.
    func startJob(_ rows: RowContent, of object: OpenObject) {
        if let job = rows.nextJob(object: object.id) {
            framesInFlight += 1
            // From here on the batches belong to the job, which gives their memory back itself.
            budget.charge(job.memoryBytes)
            compression.submit(job)
        }
        charge(object, bytesNow: rows.memoryBytes)
    }

    /// Puts a compressed frame in line.
    func accept(_ bytes: [UInt8], frame: Int, buffer: FrameBuffer, of lines: LineContent, for object: OpenObject) {
        let rawBytes = buffer.count
        giveBack(buffer)
        for frame in lines.accept(frame: frame, bytes, rawBytes: rawBytes) { append(frame, to: object) }
        stream(object)
        finishIfComplete(object)
    }

    /// Puts what a Parquet encoder gave out in line, and gives it its next job.
    func accept(_ outcome: RowJob.Outcome, of rows: RowContent, for object: OpenObject) {
        rows.accept(outcome)
        for chunk in outcome.chunks { append(chunk, to: object) }
        stream(object)
        startJob(rows, of: object)
        finishIfComplete(object)
    }

    private func append(_ bytes: [UInt8], to object: OpenObject) {
        budget.charge(bytes.count)
        object.append(bytes)
    }

    /// Uploads parts of an object that has outgrown a single PUT.
    private func stream(_ object: OpenObject) {
        if object.upload == nil, object.readyBytes <= settings.singlePutBytesMax { return }
        while object.readyBytes > settings.partBytes {
            upload(of: object).send(part: object.takePart(settings.partBytes))
        }
    }

    /// Closes an object for good: what it gathered goes to the encoders, and the store gets it once all is back.
    func seal(_ object: OpenObject, _ reason: RotationReason, level: Int32) {
        object.seal(reason, at: clock.elapsed())
        keep(object)
        switch object.content {
        case .lines(let lines):
            if lines.buffer.count > 0 {
                flush(object, level: level)
            } else {
                giveBack(lines.takeEmptyBuffer())
                object.bytesCharged = 0
            }
        case .rows(let rows):
            rows.seal()
            flush(object, level: level)
        }
        finishIfComplete(object)
    }

    /// Sends the last bytes of a sealed object that came back whole.
    private func finishIfComplete(_ object: OpenObject) {
        guard object.sealed != nil else { return }
        switch object.content {
        case .lines(let lines):
            guard lines.allFramesAccepted else { return }
            append(lines.ending(), to: object)
        case .rows(let rows):
            guard rows.summary != nil else { return }
        }
        upload(of: object).finish(object.takeReady())
    }

    private func upload(of object: OpenObject) -> ObjectUpload {
        if let upload = object.upload { return upload }
        let started = ObjectUpload(object: object.id, key: object.key, means: upload)
        object.upload = started
        return started
    }

    /// Forgets an object that will not be committed, and frees what it holds here. Bytes that its upload holds come
    /// back through the mailbox.
    func discard(_ object: OpenObject) {
        live[object.id] = nil
        object.upload?.cancel()
        switch object.content {
        case .lines(let lines): giveBack(lines.buffer)
        case .rows: charge(object, bytesNow: 0)
        }
        budget.release(object.takeReady().count)
        letGo(object)
    }
}
