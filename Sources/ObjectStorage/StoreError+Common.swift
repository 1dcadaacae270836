/// The answers that every member words alike.
extension StoreError {
    static func noSuchKey(_ key: ObjectKey, operation: String) -> StoreError {
        StoreError(.notFound, operation: operation, key: key.description, message: "no such object")
    }

    static func noSuchUpload(_ key: ObjectKey, operation: String) -> StoreError {
        StoreError(
            .notFound, operation: operation, key: key.description,
            message: "no such upload; it was completed or aborted")
    }

    static func conditionFailed(_ condition: PutCondition, key: ObjectKey, operation: String) -> StoreError {
        let message =
            switch condition {
            case .matches: "the object is not the one expected; read it again"
            default: "an object with this key exists already"
            }
        return StoreError(.conflict, operation: operation, key: key.description, message: message)
    }

    static func tooLarge(_ bytes: Int, bytesMax: Int, key: ObjectKey) -> StoreError {
        StoreError(
            .invalid, operation: "GetObject", key: key.description,
            message: "the answer has \(bytes) bytes, over the limit of \(bytesMax); ask for a range")
    }

    static func tooManyKeys(_ count: Int) -> StoreError {
        StoreError(
            .invalid, operation: "DeleteObjects", message: "\(count) keys; at most \(keysPerRequestMax) at a time")
    }

    static func badPartNumber(_ number: Int, key: ObjectKey) -> StoreError {
        StoreError(
            .invalid, operation: "UploadPart", key: key.description,
            message: "part numbers are 1 to \(partNumberMax), not \(number)")
    }
}
