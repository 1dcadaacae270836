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
    /// Frames that are being compressed.
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
        live[object.id] = nil
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

    /// Charges what a buffer has grown by since it was last looked at.
    @inline(__always)
    func chargeGrowth(of object: OpenObject) {
        let capacity = object.buffer.capacity
        guard capacity != object.bufferBytesCharged else { return }
        budget.charge(capacity - object.bufferBytesCharged)
        object.bufferBytesCharged = capacity
    }

    /// Sends the frame being filled to the compressors, and gives the object a fresh buffer unless it is sealed.
    func flushFrame(of object: OpenObject, level: Int32) {
        guard object.buffer.count > 0 else { return }
        let isBusy = object.buffer.count >= settings.frameBytes && object.sealed == nil
        let next = object.sealed == nil ? takeBuffer(isBusy: isBusy) : FrameBuffer(capacityBytes: 0)
        object.bufferBytesCharged = object.sealed == nil ? next.capacity : 0
        let (frame, buffer) = object.takeFrame(next: next)
        framesInFlight += 1
        compression.submit(FrameJob(object: object.id, frame: frame, buffer: buffer, level: level))
    }

    /// Puts a compressed frame in line; streams parts of an object that has outgrown a single PUT.
    func accept(_ bytes: [UInt8], frame: Int, buffer: FrameBuffer, for object: OpenObject) {
        let rawBytes = buffer.count
        giveBack(buffer)
        budget.charge(bytes.count)
        object.accept(frame: frame, bytes, rawBytes: rawBytes)
        if object.upload == nil, object.readyBytes <= settings.singlePutBytesMax { return }
        while object.readyBytes > settings.partBytes {
            upload(of: object).send(part: object.takePart(settings.partBytes))
        }
    }

    /// Closes an object for good: its last frame goes to the compressors, and the store gets it once all are back.
    func seal(_ object: OpenObject, _ reason: RotationReason, level: Int32) {
        object.seal(reason, at: clock.elapsed())
        if object.buffer.count > 0 {
            flushFrame(of: object, level: level)
        } else {
            giveBack(object.buffer)
            object.buffer = FrameBuffer(capacityBytes: 0)
        }
        finishIfComplete(object)
    }

    /// Sends the last bytes of a sealed object whose frames are all back.
    func finishIfComplete(_ object: OpenObject) {
        guard object.sealed != nil, object.allFramesAccepted else { return }
        budget.charge(object.appendSeekTable())
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
        giveBack(object.buffer)
        budget.release(object.takeReady().count)
    }
}
