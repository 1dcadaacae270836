import Testing

@testable import varve

@Suite("Expressions for topic names")
struct PatternTests {
    @Test(
        "what glibc would compile into gigabytes is refused: found by fuzzing",
        arguments: [
            "a" + String(repeating: "+", count: 48), "((((a{1,255}){1,255}){1,255}))",
            String(repeating: "(", count: 30) + "a" + String(repeating: "+)", count: 30), "a{99999999999999999999}",
            ")+++++++++++1+", "a)|(b", "a??", "a+*", "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)",
        ])
    func tooLarge(pattern: String) {
        #expect(!PatternSize.isBounded(pattern))
        if PosixPattern(pattern) != nil { Issue.record("it was compiled") }
    }

    @Test(
        "what people write is taken",
        arguments: [
            ("orders-.*", "orders-1"), ("(a|b)+[[:alpha:]]{2,3}", "abxyz"), ("[^]]+", "a"), (#"a\.b\+"#, "a.b+"),
            ("[a-z]{1,200}-[a-z]{1,200}-[0-9]{4}", "a-b-2026"), ("(eu|us)-[0-9]+-(orders|returns)+", "eu-1-orders"),
        ])
    func ordinary(pattern: String, text: String) {
        guard let compiled = PosixPattern(pattern) else {
            Issue.record("\(pattern) is refused")
            return
        }
        let matches = compiled.matchesWhole(text)
        #expect(matches)
    }
}
