import Synchronization

/// The tasks of one process: whatever they have to do next waits here until the scheduler picks it.
///
/// Tasks, their children and the actors they call run here through Swift's task executor preference, on the scheduler's
/// thread; so the order of everything that happens at the same time is the scheduler's choice.
final class JobQueue: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    var count: Int { jobs.withLock { $0.count } }

    /// Runs a job up to its next suspension.
    func run(at index: Int) {
        let job = jobs.withLock { $0.remove(at: index) }
        job.runSynchronously(on: asUnownedTaskExecutor())
    }
}
