import LakeModel

/// Compares what was written with what was read, by the catalog's entry for each.
enum Balance {
    /// Throws unless the outputs and what was left out are the inputs: records, and events of each topic partition,
    /// none outside the offsets of the inputs; and where nothing was left out, from the same first to the same last.
    static func check(inputs: [DataObject], _ result: RewriteResult) throws(MaintenanceError) {
        let read = inputs.reduce(0) { $0 &+ $1.records }
        let written = result.outputs.reduce(0) { $0 &+ $1.records }
        guard read == written &+ result.droppedRecords else {
            throw .unbalanced("\(read) records were read, \(written) written, \(result.droppedRecords) left out")
        }
        let before = SpanTally.sum(inputs)
        let after = Dictionary(uniqueKeysWithValues: SpanTally.sum(result.outputs).map { ($0.topicPartition, $0) })
        let known = Set(before.map(\.topicPartition))
        if let foreign = after.keys.first(where: { !known.contains($0) }) {
            throw .unbalanced("\(foreign) was not among what was read")
        }
        // Where rows carry no coordinates, only the sum is known.
        let isAttributed = result.dropped.values.reduce(0, &+) == result.droppedRecords
        for span in before {
            let source = span.topicPartition
            let dropped = isAttributed ? result.dropped[source] ?? 0 : span.count - (after[source]?.count ?? 0)
            guard let found = after[source] else {
                guard span.count == dropped else { throw .unbalanced("\(span.count) events of \(source) are missing") }
                continue
            }
            guard found.count &+ dropped == span.count else {
                throw .unbalanced(
                    "\(span.count) events of \(source) were read, \(found.count) written, \(dropped) left out")
            }
            guard found.first >= span.first, found.last <= span.last,
                dropped > 0 || (found.first == span.first && found.last == span.last)
            else {
                throw .unbalanced(
                    "offsets \(span.first) to \(span.last) of \(source) were read, "
                        + "\(found.first) to \(found.last) written")
            }
        }
    }
}
