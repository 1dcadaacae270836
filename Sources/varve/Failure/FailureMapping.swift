import ArgumentParser
import Catalog
import Ingest
import Kafka
import Maintenance
import ObjectStorage
import S3

/// The one place where errors of the libraries become a line for the user and an exit status.
extension CommandFailure {
    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let problem as Problem: self.init(.configuration, [problem])
        case let error as CatalogError: self.init(catalog: error)
        case let error as StoreError: self.init(store: error)
        case let error as ReadError: self.init(read: error)
        case let error as MaintenanceError: self.init(maintenance: error)
        case let error as KafkaError:
            self.init(ExitStatus(error.code), [Problem("Kafka", at: "", fix: error.description)])
        case let error as CredentialsError: self.init(.noPermission, "no credentials", at: "s3", fix: error.message)
        case let error as IngestError:
            self.init(ExitStatus(error.kind), [Problem("the writer stopped", at: "", fix: error.description)])
        case is CancellationError:
            self.init(.temporaryFailure, "interrupted", at: "", fix: "run it again")
        default:
            self.init(.software, "unexpected error", at: "\(type(of: error))", fix: "\(error)")
        }
    }

    private init(store error: StoreError) {
        let location = [error.operation, error.key].compactMap { $0 }.joined(separator: " ")
        let problem = Problem("the store answered \(error.kind.words)", at: location, fix: error.message)
        self.init(ExitStatus(storeErrorKind: error.kind), [problem])
    }

    private init(read error: ReadError) {
        if case .store(let error) = error {
            self.init(store: error)
        } else {
            self.init(
                .dataError, error.description, at: "",
                fix: "see 'varve verify --deep'; restore the object from a copy, or read --at an earlier version")
        }
    }

    private init(maintenance error: MaintenanceError) {
        let status: ExitStatus =
            switch error {
            case .clocksDiffer: .configuration
            case .unbalanced: .dataError
            case .unsupported, .invalid: .usage
            }
        self.init(status, [Problem(error.description, at: "", fix: "")])
    }

    private init(catalog error: CatalogError) {
        if case .store(let error) = error {
            self.init(store: error)
        } else {
            self.init(ExitStatus(error), [Problem(error.description, at: "", fix: "")])
        }
    }
}

extension ExitStatus {
    init(storeErrorKind kind: StoreError.Kind) {
        self =
            switch kind {
            case .notFound: .noInput
            case .conflict, .throttled, .archived: .temporaryFailure
            case .denied: .noPermission
            case .unavailable: .unavailable
            case .corrupt: .dataError
            case .invalid: .configuration
            }
    }

    init(_ code: KafkaError.Code) {
        self =
            switch code {
            case .authentication: .noPermission
            case .invalidArgument: .configuration
            case .unknownTopic: .noInput
            case .offsetOutOfRange: .dataError
            default: .unavailable
            }
    }

    init(_ kind: IngestError.Kind) {
        self =
            switch kind {
            case .source: .unavailable
            case .store(let kind): ExitStatus(storeErrorKind: kind)
            case .catalog(let error): ExitStatus(error)
            case .offsets: .dataError
            case .software: .software
            }
    }

    init(_ error: CatalogError) {
        self =
            switch error {
            case .newerFormat, .corrupt: .dataError
            case .notFound: .noInput
            case .invalid: .usage
            case .offsetsMoved, .staleObjects, .removedObjects, .unsettled, .contention, .cancelled: .temporaryFailure
            case .store(let error): ExitStatus(storeErrorKind: error.kind)
            }
    }
}

extension StoreError.Kind {
    fileprivate var words: String {
        switch self {
        case .notFound: "that it has no such thing"
        case .conflict: "with a conflict"
        case .denied: "that this is not allowed"
        case .archived: "that the object is archived"
        case .throttled: "to slow down"
        case .unavailable: "nothing useful"
        case .corrupt: "with damaged bytes"
        case .invalid: "that the request is wrong"
        }
    }
}
