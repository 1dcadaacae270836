import LakeModel

/// The trials that exactly-once depends on.
extension StoreProbe {
    static let writeAndRead = Trial(
        name: "write_and_read", isRequired: true,
        meaning: (
            "credentials, address and rights are good for reading and writing",
            "nothing can be stored; check address, credentials and rights"
        )
    ) { probe, report in
        let key = try probe.key("first")
        let before = probe.clock.now()
        let info = try await probe.store.put(Array("first".utf8), to: key)
        let after = probe.clock.now()
        guard try await probe.content(key) == "first" else { throw Finding.failed("read back other bytes") }
        let middle = before.milliseconds + (after.milliseconds - before.milliseconds) / 2
        report.clockDifferenceMilliseconds = info.modifiedAt.milliseconds - middle
        return "put and read back 5 bytes"
    }

    private static let ignored = "commits could overwrite each other: events would be lost without an error"

    static let conditionTrials: [Trial] = [
        Trial(
            name: "put_if_absent", isRequired: true,
            meaning: ("a commit can never overwrite another", ignored)
        ) { probe, _ in
            let key = try probe.key("absent")
            guard try await !probe.isRefused("one", to: key, when: .absent) else {
                throw Finding.failed("refused If-None-Match: * on a free key")
            }
            guard try await probe.isRefused("two", to: key, when: .absent) else {
                throw Finding.failed("ignores If-None-Match: * and overwrote the object")
            }
            return "the second put was refused and changed nothing"
        },
        Trial(
            name: "put_if_absent_race", isRequired: true,
            meaning: ("of writers at the same moment exactly one wins", ignored)
        ) { probe, _ in
            for round in 1...3 {
                let key = try probe.key("race/\(round)")
                let winners = try await probe.winners(of: key, when: .absent)
                let stored = try await probe.content(key)
                guard winners.count == 1 else {
                    throw Finding.failed("\(winners.count) of 8 writers at once were told that they won")
                }
                guard winners == [stored] else { throw Finding.failed("the object is not the winner's") }
            }
            return "one winner of 8 writers, three times"
        },
        Trial(
            name: "put_if_matches", isRequired: true,
            meaning: ("shared files such as the boundary can be changed safely", ignored)
        ) { probe, _ in
            let key = try probe.key("matches")
            let old = try await probe.store.put(Array("one".utf8), to: key).tag
            guard try await !probe.isRefused("two", to: key, when: .matches(old)) else {
                throw Finding.failed("refused If-Match with the right entity tag")
            }
            guard try await probe.isRefused("three", to: key, when: .matches(old)) else {
                throw Finding.failed("ignores If-Match with an old entity tag")
            }
            return "the right tag was accepted, the old one refused"
        },
        Trial(
            name: "put_if_matches_missing", isRequired: true,
            meaning: ("a deleted file cannot come back by a late writer", ignored)
        ) { probe, _ in
            let key = try probe.key("missing")
            let tag = try await probe.store.put(Array("gone".utf8), to: key).tag
            _ = try await probe.store.delete([key])
            guard try await probe.isRefused("back", to: key, when: .matches(tag)) else {
                throw Finding.failed("If-Match on a missing object created it")
            }
            return "If-Match on a missing object was refused"
        },
        Trial(
            name: "put_if_matches_race", isRequired: true,
            meaning: ("of writers at the same moment exactly one wins", ignored)
        ) { probe, _ in
            let key = try probe.key("matches-race")
            let tag = try await probe.store.put(Array("start".utf8), to: key).tag
            let winners = try await probe.winners(of: key, when: .matches(tag))
            let stored = try await probe.content(key)
            guard winners == [stored] else {
                throw Finding.failed("\(winners.count) of 8 writers at once were told that they won")
            }
            return "one winner of 8 writers"
        },
        Trial(
            name: "read_after_write", isRequired: true,
            meaning: ("readers see a commit at once", "readers could work on an old state of the lake")
        ) { probe, _ in
            let key = try probe.key("fresh")
            for round in 1...5 {
                _ = try await probe.store.put(Array("round \(round)".utf8), to: key)
                let content = try await probe.content(key)
                guard content == "round \(round)" else {
                    throw Finding.failed("read '\(content)' after round \(round)")
                }
            }
            _ = try await probe.store.delete([key])
            guard try await probe.store.getIfPresent(key) == nil else { throw Finding.failed("read a deleted object") }
            return "five overwrites and a delete were seen at once"
        },
    ]
}
