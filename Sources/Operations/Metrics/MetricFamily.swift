/// A metric with all its series at one moment, for values that are looked up when somebody asks.
public struct MetricFamily: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge
    }

    public struct Sample: Sendable {
        public var labels: [(String, String)]
        public var value: Double

        public init(_ value: Double, labels: [(String, String)] = []) {
            (self.value, self.labels) = (value, labels)
        }
    }

    /// `varve_lag_events`: with its unit, and `_total` at the end of a counter's.
    public var name: String
    public var kind: Kind
    /// One line for people.
    public var help: String
    public var samples: [Sample]

    public init(_ name: String, _ kind: Kind, help: String, samples: [Sample]) {
        (self.name, self.kind, self.help, self.samples) = (name, kind, help, samples)
    }
}
