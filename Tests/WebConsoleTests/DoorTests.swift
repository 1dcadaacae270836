import Foundation
import LakeModel
import Operations
import TestSupport
import Testing

@testable import WebConsole

@Suite("The console's door")
struct DoorTests {
    private let token = "a token of many bytes"
    private let bench = Bench()

    private func signIn(_ pages: ConsolePages, _ body: String, type: String = "application/json") async throws
        -> WebAnswer
    {
        try #require(
            await pages.answer(
                WebRequest(
                    "POST", "/api/v1/session", headers: ["content-type": type, "host": "h"], body: Array(body.utf8))))
    }

    @Test("without the token nothing of the lake is told, and the files are still served")
    func closed() async throws {
        let pages = bench.pages(token: token)
        for path in ["lake", "tables", "tables/orders", "tables/orders/hours"] {
            #expect(try await pages.get("/api/v1/\(path)").status == 401)
        }
        #expect(try await pages.get("/").status == 200)
        #expect(try await pages.get("/assets/app.js").status == 200)
        #expect(try await pages.get("/api/v1/lake", headers: ["authorization": "Bearer wrong"]).status == 401)
        #expect(try await pages.get("/api/v1/lake?token=\(token)").status == 401)
    }

    @Test("the token as a bearer opens it")
    func bearer() async throws {
        let pages = bench.pages(token: token)
        #expect(try await pages.get("/api/v1/lake", headers: ["authorization": "Bearer \(token)"]).status == 200)
    }

    @Test("a sign-in sets a cookie that is not the token, lasts twelve hours and cannot be made up")
    func session() async throws {
        let pages = bench.pages(token: token)
        let answer = try await signIn(pages, #"{"token":"\#(token)"}"#)
        #expect(answer.status == 204)
        let header = try #require(answer.headers.first { $0.name == "Set-Cookie" }?.value)
        #expect(header.contains("HttpOnly") && header.contains("SameSite=Strict") && !header.contains(token))
        let cookie = String(header.prefix { $0 != ";" })
        #expect(try await pages.get("/api/v1/lake", headers: ["cookie": "a=b; \(cookie)"]).status == 200)

        let value = cookie.drop { $0 != "=" }.dropFirst()
        let end = try #require(Int64(value.prefix { $0 != "." }))
        for forged in [
            "varve_session=", "varve_session=.", "varve_session=\(end + 1)\(value.drop { $0 != "." })",
            "varve_session=\(end).\(String(repeating: "0", count: 64))", "varve_session=+\(value)",
            "varve_session=\(token)",
        ] {
            #expect(try await pages.get("/api/v1/lake", headers: ["cookie": forged]).status == 401, "\(forged)")
        }
        bench.clock.advance(by: .seconds(12 * 3600 + 1))
        #expect(try await pages.get("/api/v1/lake", headers: ["cookie": cookie]).status == 401)
    }

    @Test("another token's session is worth nothing")
    func otherToken() async throws {
        let answer = try await signIn(bench.pages(token: token), #"{"token":"\#(token)"}"#)
        let cookie = try #require(answer.headers.first { $0.name == "Set-Cookie" }?.value).prefix { $0 != ";" }
        let other = bench.pages(token: "another token, later")
        #expect(try await other.get("/api/v1/lake", headers: ["cookie": String(cookie)]).status == 401)
    }

    @Test("wrong tokens are looked at only so often, and the cookie of who is in goes on working")
    func failures() async throws {
        let pages = bench.pages(token: token)
        let answer = try await signIn(pages, #"{"token":"\#(token)"}"#)
        let cookie = try #require(answer.headers.first { $0.name == "Set-Cookie" }?.value).prefix { $0 != ";" }
        for _ in 0..<ConsoleDoor.failuresMax {
            #expect(try await signIn(pages, #"{"token":"no"}"#).status == 401)
        }
        #expect(try await signIn(pages, #"{"token":"\#(token)"}"#).status == 429)
        #expect(try await pages.get("/api/v1/lake", headers: ["cookie": String(cookie)]).status == 200)
        bench.clock.advance(by: .seconds(61))
        #expect(try await signIn(pages, #"{"token":"\#(token)"}"#).status == 204)
    }

    @Test("a form of another site cannot sign in", arguments: ["text/plain", "application/x-www-form-urlencoded", ""])
    func forms(type: String) async throws {
        #expect(try await signIn(bench.pages(token: token), #"{"token":"\#(token)"}"#, type: type).status == 400)
    }

    @Test("without a token only addresses and this machine's names are answered")
    func hosts() async throws {
        let pages = bench.pages()
        for host in ["127.0.0.1:9464", "localhost", "LOCALHOST:1", "[::1]:9464", "10.1.2.3"] {
            #expect(try await pages.get("/api/v1/lake", headers: ["host": host]).status == 200, "\(host)")
        }
        for host in ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "[::1].evil", ""] {
            #expect(try await pages.get("/api/v1/lake", headers: ["host": host]).status == 421, "\(host)")
        }
        let named = bench.pages(token: token)
        let headers = ["host": "varve.example", "authorization": "Bearer \(token)"]
        #expect(try await named.get("/api/v1/lake", headers: headers).status == 200)
    }

    @Test(
        "bytes are compared whole",
        arguments: [([], []), ([1], [1]), ([1, 2], [1, 3]), ([1], [1, 2])] as [([UInt8], [UInt8])])
    func compared(a: [UInt8], b: [UInt8]) {
        #expect(isSame(a, b) == (a == b))
    }
}
