import LakeModel

/// The trials of what Varve can do without, or do otherwise.
extension StoreProbe {
    static let checks = conditionTrials + behaviourTrials

    private static let behaviourTrials: [Trial] = [
        Trial(
            name: "list_after_write",
            meaning: ("listings are up to date", "listings lag; vacuum and doctor may see too little")
        ) { probe, _ in
            // The characters of partition folders, which some servers and signers get wrong.
            let keys = ["date=2026-11-21/hour=05/a b+c%25&d.zst", "ü"].map { "list/\($0)" }
            for name in keys {
                let key = try probe.key(name)
                _ = try await probe.store.put([], to: key)
                let listed = try await probe.store.listAll(prefix: "\(probe.folder)/list/").map(\.key)
                guard listed.contains(key) else { throw Finding.failed("\(name) is not listed after its put") }
                _ = try await probe.store.delete([key])
                guard try await probe.store.listAll(prefix: key.description).isEmpty else {
                    throw Finding.failed("\(name) is listed after its delete")
                }
            }
            return "puts and deletes were listed at once"
        },
        Trial(
            name: "delete_missing",
            meaning: ("deletes can be repeated safely", "a repeated delete looks like a failure")
        ) { probe, _ in
            let failures = try await probe.store.delete([try probe.key("never-there")])
            guard failures.isEmpty else { throw Finding.failed("\(failures[0].reason)") }
            return "deleting a missing object succeeds"
        },
        Trial(
            name: "ranges",
            meaning: ("parts of objects can be read alone", "queries read whole objects, or wrong parts of them")
        ) { probe, _ in
            let key = try probe.key("range")
            _ = try await probe.store.put(Array("0123456789".utf8), to: key)
            let middle = try await probe.store.get(key, range: .from(2, count: 3), bytesMax: 10).bytes
            let end = try await probe.store.get(key, range: .suffix(2), bytesMax: 10).bytes
            guard middle == Array("234".utf8), end == Array("89".utf8) else { throw Finding.failed("other bytes came") }
            return "a middle and a last part were exact"
        },
        Trial(
            name: "checksums",
            meaning: (
                "the store itself refuses bytes that changed on their way",
                "bytes that change on their way are found on reading only, by the checksum in the manifest"
            )
        ) { probe, _ in
            // The check value of CRC-32C, and one that is wrong.
            let body = ObjectBody(Array("123456789".utf8))
            let right = PutOptions(checksum: Checksum(algorithm: .crc32c, value: "e3069283"))
            _ = try await probe.store.put(body, to: try probe.key("checksum"), options: right)
            let wrong = PutOptions(checksum: Checksum(algorithm: .crc32c, value: "e3069284"))
            do {
                _ = try await probe.store.put(body, to: try probe.key("checksum-wrong"), options: wrong)
            } catch let error as StoreError where [.corrupt, .invalid].contains(error.kind) {
                return "a put with a wrong CRC-32C was refused"
            }
            throw Finding.notSupported("a put with a wrong CRC-32C was accepted")
        },
        Trial(
            name: "multipart",
            meaning: ("large objects are uploaded while they grow", "objects must fit one put; keep rotate.bytes small")
        ) { probe, _ in
            let key = try probe.key("multipart")
            let upload = try await probe.store.createUpload(to: key, options: PutOptions())
            let part = try await probe.store.putPart(1, ObjectBody(Array("part".utf8)), of: upload, to: key)
            guard try await probe.store.getIfPresent(key) == nil else {
                throw Finding.failed("an unfinished upload is visible")
            }
            _ = try await probe.store.completeUpload(upload, of: key, parts: [part], options: PutOptions())
            guard try await probe.content(key) == "part" else { throw Finding.failed("read back other bytes") }
            let dropped = try await probe.store.createUpload(to: key, options: PutOptions())
            try await probe.store.abortUpload(dropped, of: key)
            return "an upload was completed, another aborted"
        },
        Trial(
            name: "clock",
            meaning: (
                "requests signed by this machine are accepted",
                "set this machine's clock (NTP); S3 refuses requests that are 15 minutes off"
            )
        ) { _, report in
            guard let difference = report.clockDifferenceMilliseconds else {
                throw Finding.notSupported("the store told no time")
            }
            // Stores tell whole seconds.
            guard difference.magnitude < 60_000 else {
                throw Finding.failed("the store's clock differs by \(difference / 1000) s from this machine's")
            }
            return "the store's clock differs by \(difference) ms"
        },
    ]

    static let cleanUp = Trial(
        name: "clean_up",
        meaning: ("nothing is left behind", "some objects under _varve/probe/ are left; they do no harm")
    ) { probe, _ in
        for pending in try await probe.store.listUploads(prefix: "\(probe.folder)/") {
            try await probe.store.abortUpload(pending.upload, of: pending.key)
        }
        let keys = try await probe.store.listAll(prefix: "\(probe.folder)/").map(\.key)
        let failures = try await probe.store.delete(Array(keys.prefix(keysPerRequestMax)))
        guard failures.isEmpty else { throw Finding.failed("\(failures.count) objects were not deleted") }
        return "\(keys.count) objects deleted"
    }
}
