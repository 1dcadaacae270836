import LakeModel

/// Names of data objects: they say what the object begins with, and no two are ever the same.
///
/// The topic, partition and offset of the first event make the name meaningful; the writer's id and a running number
/// make it unique, so that a zombie that writes the same events again can never overwrite a committed object.
struct ObjectNaming {
    let writerID: String

    func path(lane: LaneKey, first: TopicPartition, offset: Int64, object: Int, format: DataFormat) -> String {
        let ending = (lane.side == .deadLetter ? DataFormat.envelope : format).fileExtension
        return "\(lane.side.folder)/\(lane.partition)/\(first.objectStem(at: offset))-\(writerID)-\(object).\(ending)"
    }
}
