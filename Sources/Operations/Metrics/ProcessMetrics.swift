import Glibc

/// The metrics that Prometheus' own client libraries give of every process, read from `/proc/self` (proc(5)).
public enum ProcessMetrics {
    /// For `registry.addCollector { ProcessMetrics.collect() }`; what cannot be read is left out.
    public static func collect() -> [MetricFamily] {
        var families: [MetricFamily] = []
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let seconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
            families.append(
                MetricFamily(
                    "process_cpu_seconds_total", .counter, help: "User and system CPU time spent in seconds.",
                    samples: [.init(seconds)]))
        }
        // The second number of statm: resident pages.
        if let pages = fields(of: "/proc/self/statm").dropFirst().first.flatMap({ Double($0) }) {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.",
                    samples: [.init(pages * Double(sysconf(Int32(_SC_PAGESIZE))))]))
        }
        if let count = openFiles() {
            families.append(
                MetricFamily(
                    "process_open_fds", .gauge, help: "Number of open file descriptors.",
                    samples: [.init(Double(count))]))
        }
        return families
    }

    private static func fields(of path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
    }

    private static func openFiles() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        // Not `.`, `..` and the directory's own descriptor.
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return max(0, count)
    }
}
