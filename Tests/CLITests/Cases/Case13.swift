import Testing

/// Modules of Node without a version, without a name, and one whose manifest is no JSON.
struct Case13 {
  private let found = ["ansi-regex 3.0.0", "express 4.18.2", "lodash 4.17.20", "minimist 0.0.8"]

  @Test func `modules without name or version are legal`() async throws {
    let clean = try await scanCase("13-npm/clean.qcow2")
    #expect(clean.status == "scanned" && clean.names("npm") == found && clean.remarks.isEmpty)
    let image = try await scanCase("13-npm/noversion.qcow2")
    #expect(image.status == "scanned" && image.error == nil && image.names("npm") == found)
    #expect(image.remarks.map(\.code) == ["unlisted"])
    #expect(image.remarks.first?.message.contains("3 modules") == true)
    #expect(image.names("deb") == ["nodejs 18.19.0"])
  }

  @Test func `one that is no JSON hides no other`() async throws {
    let image = try await scanCase("13-npm/all.qcow2")
    #expect(image.status == "partial" && image.error?.code == "malformed")
    #expect(image.error?.message.contains("srv/app/node_modules/broken/package.json") == true)
    #expect(image.names("npm") == found && image.names("deb") == ["nodejs 18.19.0"])
  }
}
