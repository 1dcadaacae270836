import ArgumentParser
import ObjectStorage

/// The one place where errors of the libraries become a line for the user and an exit status.
extension CommandFailure {
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let problem as Problem: self.init(.configuration, [problem])
        case let error as StoreError: self.init(store: error)
        case is CancellationError:
            self.init(.temporaryFailure, "interrupted", at: "", fix: "run it again")
        default:
            self.init(.software, "unexpected error", at: "\(type(of: error))", fix: "\(error)")
        }
    }

    private init(store error: StoreError) {
        let location = [error.operation, error.key].compactMap { $0 }.joined(separator: " ")
        let problem = Problem("the object store refused or failed", at: location, fix: error.message)
        self.init(ExitStatus(storeErrorKind: error.kind), [problem])
    }
}

extension ExitStatus {
    init(storeErrorKind kind: StoreError.Kind) {
        self =
            switch kind {
            case .notFound: .noInput
            case .conflict, .throttled: .temporaryFailure
            case .denied: .noPermission
            case .unavailable: .unavailable
            case .corrupt: .dataError
            case .invalid: .configuration
            }
    }
}
