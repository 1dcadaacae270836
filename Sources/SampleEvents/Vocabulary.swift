/// Words of one kind in one piece of memory, so that writing one is a copy.
struct WordList: Sendable {
    private let pool: [UInt8]
    private let ends: [Int32]

    init(_ words: [String]) {
        pool = words.flatMap { Array($0.utf8) }
        var end: Int32 = 0
        ends = words.map { word in
            end += Int32(word.utf8.count)
            return end
        }
    }

    /// Word number `bits` modulo how many there are.
    @inline(__always)
    func write(_ bits: UInt64, _ cursor: inout ByteCursor) {
        let index = Int(bits % UInt64(ends.count))
        let start = index == 0 ? 0 : Int(ends[index - 1])
        pool.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            cursor.bytes(base + start, Int(ends[index]) - start)
        }
    }
}

/// The words that sample events are made of; those that occur more often are listed more often.
struct Vocabulary: Sendable {
    let types = WordList(
        weighted([
            ("page_view", 55), ("click", 20), ("search", 8), ("add_to_cart", 6), ("impression", 6), ("purchase", 3),
            ("error", 2),
        ]))
    let countries = WordList(
        weighted([
            ("US", 30), ("DE", 12), ("FR", 8), ("GB", 10), ("JP", 9), ("BR", 8), ("IN", 15), ("NL", 4), ("SE", 2),
            ("AU", 2),
        ]))
    let words = WordList(
        """
        lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore \
        magna aliqua blue red shoe jacket camera lens phone case summer winter running trail coffee grinder
        """.split(separator: " ").map(String.init))
    let models = WordList([
        "iPhone15,3", "SM-S918B", "Pixel 8 Pro", "MacBookPro18,3", "ThinkPad X1", "iPad13,8", "SM-A546B",
        "Redmi Note 12",
    ])
    let systems = WordList([
        #""iOS","os_version":"17.3.1""#, #""Android","os_version":"14""#, #""Windows","os_version":"11""#,
        #""macOS","os_version":"14.2""#, #""Linux","os_version":"6.6""#, #""iPadOS","os_version":"17.2""#,
    ])
    let currencies = WordList(["USD", "EUR", "GBP", "JPY", "BRL", "INR"])
    let hosts = WordList(["shop.example.com", "www.example.com", "m.example.org", "api.example.net"])
    let plans = WordList(["free", "pro", "team", "enterprise"])
    let referrers = WordList([
        "", "https://www.google.com/", "https://t.co/x", "https://news.example.com/a",
    ])
    let agents = WordList(
        (96..<125).map {
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/\($0).0.\(4000 + $0 * 7).\($0 * 3) Safari/537.36"
        }
            + (0..<6).map {
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_\($0) like Mac OS X) AppleWebKit/605.1.15 "
                    + "(KHTML, like Gecko) Version/17.\($0) Mobile/15E148 Safari/604.1"
            }
            + (100..<122).map { "Mozilla/5.0 (X11; Linux x86_64; rv:\($0).0) Gecko/20100101 Firefox/\($0).0" })
}

private func weighted(_ words: [(String, Int)]) -> [String] {
    words.flatMap { Array(repeating: $0.0, count: $0.1) }
}
