/// Requests to a store, counted by how stores charge for them.
public struct RequestCount: Hashable, Sendable, Codable {
    /// PUT, COPY, POST: also each part of an upload.
    public var puts: Int64 = 0
    public var gets: Int64 = 0
    public var lists: Int64 = 0
    /// Of up to 1,000 keys each.
    public var deletes: Int64 = 0

    public init(puts: Int64 = 0, gets: Int64 = 0, lists: Int64 = 0, deletes: Int64 = 0) {
        (self.puts, self.gets, self.lists, self.deletes) = (puts, gets, lists, deletes)
    }

    public static func + (a: RequestCount, b: RequestCount) -> RequestCount {
        RequestCount(
            puts: a.puts &+ b.puts, gets: a.gets &+ b.gets, lists: a.lists &+ b.lists, deletes: a.deletes &+ b.deletes)
    }

    public static func += (a: inout RequestCount, b: RequestCount) { a = a + b }

    public var total: Int64 { puts &+ gets &+ lists &+ deletes }

    /// What S3 Standard asks for these requests in us-east-1 (price list of 2025): 0.005 USD for 1,000 PUT, COPY, POST
    /// or LIST, 0.0004 USD for 1,000 GET; DELETE is free. An estimate: other stores and regions differ.
    public var dollars: Double { Double(puts &+ lists) * 0.000_005 + Double(gets) * 0.000_000_4 }
}
