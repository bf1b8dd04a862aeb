import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures
import TestSupport
import Testing

struct RulesTests {
  /// The image's only file against the one artifact of a release, with the marks of each.
  private func found(file: [Mark], artifact marks: [Mark], bytes: String = "other bytes") -> Application? {
    var world = World()
    let shop = artifact("bin/shop", "shop", marks: marks)
    world.signatures = [Signature(application: "shop", release: "1", artifacts: [shop])]
    world.add("bin/shop", bytes, marks: file)
    return world.findings["shop"].first
  }

  @Test(arguments: [MarkKind.elfLoad, .elfAlloc, .authenticode, .peImage, .mvid, .text])
  func `equal code with other bytes is nearly as sure as equal bytes`(kind: MarkKind) throws {
    let exact = try #require(found(file: [], artifact: [], bytes: "shop"))
    let same = try #require(found(file: [Mark(kind, "1")], artifact: [Mark(kind, "1")]))
    #expect(same.files.map(\.level) == [.sameCode] && same.match == .modified && same.conflicts.isEmpty)
    #expect(same.confidence < exact.confidence && same.confidence > exact.confidence - 0.05)
    #expect(same.artifacts.modified == 1)
  }

  @Test func `equal code with another build id is a rebuild`() throws {
    let application = try #require(
      found(
        file: [Mark(.elfLoad, "code"), Mark(.buildID, "1")], artifact: [Mark(.elfLoad, "code"), Mark(.buildID, "2")]))
    #expect(application.match == .rebuilt)
  }

  @Test func `an equal build id with other code is modified after build and hardly believed`() throws {
    let application = try #require(
      found(
        file: [Mark(.elfLoad, "new"), Mark(.buildID, "1")], artifact: [Mark(.elfLoad, "old"), Mark(.buildID, "1")]))
    #expect(application.files.map(\.level) == [.sameLink] && application.match == .modified)
    #expect(application.conflicts == ["bin/shop: modified after build: build id equal, code differs"])
    #expect(application.confidence < 0.6)
  }

  @Test func `an equal debug id of a PE file with another image is modified after build`() throws {
    let application = try #require(
      found(
        file: [Mark(.peImage, "new"), Mark(.codeView, "g-1")],
        artifact: [Mark(.peImage, "old"), Mark(.codeView, "g-1")]
      ))
    #expect(application.conflicts == ["bin/shop: modified after build: debug id equal, code differs"])
  }

  @Test func `equal code sections are weaker than an equal link, few constants say nothing`() throws {
    let sections = ["a", "b", "c"].map { Mark(.section, ".\($0)=1") }
    let text = Mark(.section, ".text=1")
    let patched = try #require(found(file: [text], artifact: [text] + sections))
    #expect(patched.files.map(\.level) == [.sameSections] && patched.confidence < 0.6)
    #expect(found(file: [sections[0]], artifact: sections) == nil)
  }

  @Test func `a shape is never evidence`() {
    #expect(found(file: [Mark(.shape, "1")], artifact: [Mark(.shape, "1")]) == nil)
    let world = record("bin/shop", "shop", marks: [Mark(.shape, "1"), Mark(.text, "2")])
    let keys = matchKeys(of: Inventory(image: ImageFacts(), status: .scanned, files: [world]))
    #expect(keys.map(\.marks) == [[Mark(.text, "2")]])
  }

  @Test func `only the strongest of a file's agreements counts`() throws {
    let marks = [Mark(.elfLoad, "1"), Mark(.buildID, "2"), Mark(.section, ".text=3")]
    let all = try #require(found(file: marks, artifact: marks, bytes: "shop"))
    let exact = try #require(found(file: [], artifact: [], bytes: "shop"))
    #expect(all.confidence == exact.confidence && all.claims == exact.claims && all.match == .exact)
  }

  @Test func `every rule's file is in the list, and no name twice`() throws {
    let folder = packageFolder.appending(path: "Sources/Lineage/Rules")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(files.map { $0.replacing(".swift", with: "") }.sorted() == rules.map { "\(type(of: $0))" }.sorted())
    #expect(Set(rules.map(\.name)).count == rules.count)
  }
}
