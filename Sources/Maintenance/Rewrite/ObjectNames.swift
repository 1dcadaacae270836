import LakeModel

/// Names of rewritten objects: what they begin with, and the commit that they were made for. No two are the same, as
/// each attempt has a commit id of its own.
struct ObjectNames: Sendable {
    var side: TableSide
    var partition: PartitionPath
    var commit: CommitID

    func path(first source: TopicPartition, offset: Int64, number: Int, format: DataFormat) -> String {
        let name = "\(source.objectStem(at: offset))-\(commit)-\(number)"
        return "\(side.folder)/\(partition)/\(name).\(format.fileExtension)"
    }
}
