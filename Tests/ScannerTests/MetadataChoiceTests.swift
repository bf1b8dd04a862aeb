import Inventory
import Testing

@testable import Scanner

@Suite struct MetadataChoiceTests {
  private let status: GuestPath = "var/lib/dpkg/status"

  private func choose(_ files: [FileRecord], upTo bound: UInt64) -> (
    chosen: Set<GuestPath>, unread: [GuestPath: String]
  ) {
    var choice = MetadataChoice()
    for file in files { choice.add(file.path, of: "/dev/sda1", file) }
    let chosen = choice.choose(upTo: bound)["/dev/sda1"] ?? []
    return (chosen, choice.unread["/dev/sda1"] ?? [:])
  }

  @Test func `archives do not crowd out a package database, nor large ones small ones`() {
    let jars = [file("opt/a.jar", size: 60 << 20), file("opt/b.jar", size: 1000)]
    let (chosen, unread) = choose(jars + [file(status, size: 5 << 20), file("etc/hosts", size: 100)], upTo: 64 << 20)
    #expect(chosen == [status, "opt/b.jar"])
    #expect(unread.keys.sorted() == ["opt/a.jar"] && unread["opt/a.jar"]?.contains("64 MiB") == true)
  }

  @Test func `what is larger than its reader takes is said`() {
    let (chosen, unread) = choose(
      [
        file("srv/node_modules/a/package.json", size: 1 << 30), file("opt/x.jar", size: 65 << 20),
        file("x", size: 1 << 40),
      ],
      upTo: 1 << 30)
    #expect(chosen.isEmpty && unread.keys.sorted() == ["opt/x.jar", "srv/node_modules/a/package.json"])
    #expect(unread["opt/x.jar"]?.contains("65 MiB") == true)
  }
}
