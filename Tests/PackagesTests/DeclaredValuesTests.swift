import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

struct DeclaredValuesTests {
  @Test(arguments: ["/./bin//x/", "./a", "a/./b", "...", "a/..b/c", "//usr///lib/.", "a b/\u{1}/ü", "."])
  func `paths are cleaned as realpath does it`(path: String) throws {
    let expected = try run(["realpath", "-ms", "--relative-to=/", "/\(path)"]).text.dropLast()
    #expect(GuestPath(declared: Array(path.utf8)[...])?.utf8 ?? "." == expected)
  }

  @Test(arguments: ["..", "../a", "a/..", "a/../b", "/..", "a\u{0}b", "", "/", String(repeating: "a/", count: 2100)])
  func `paths that climb, hold a NUL or are too long are refused`(path: String) {
    #expect(GuestPath(declared: Array(path.utf8)[...]) == nil)
  }

  @Test func `short text is trimmed and bounded`() {
    #expect(declaredText(Array(" 1.2 \n".utf8)) == "1.2")
    #expect(declaredText([0x61, 0xFF, 0x62] as [UInt8]) == "a\u{FFFD}b")
    #expect(declaredText(String(repeating: "a", count: 1025)) == nil && declaredText(" ") == nil)
  }

  @Test func `files below merged folders are found below usr`() {
    let files = SystemFiles(list: ["usr/bin/a", "lib/b", "usr/libexec/c"])
    #expect(files.located("bin/a") == "usr/bin/a" && files.located("lib/b") == "lib/b")
    #expect(files.located("libexec/c") == "libexec/c" && files.located("bin/none") == "bin/none")
  }
}
