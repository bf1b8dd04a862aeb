import Testing

/// Systems whose package managers are not read: each says so, with how much it holds.
struct Case04 {
  @Test(
    arguments: [
      ("openwrt", "openwrt", "usr/lib/opkg/status", "4 packages of opkg"),
      ("gentoo", "gentoo", "var/db/pkg", "3 packages of Portage"),
      ("slackware", "slackware", "var/lib/pkgtools/packages", "2 packages of pkgtools"),
      ("void", "void", "var/db/xbps/pkgdb-0.38.plist", "1 package of XBPS"),
    ], [[], ["--only", "declared"]])
  func `what is not read is said`(
    system: (image: String, distribution: String, place: String, count: String), options: [String]
  ) async throws {
    let image = try await scanCase("04-other-managers/\(system.image).qcow2", options)
    #expect(image.operatingSystems.map(\.distribution) == [system.distribution])
    let remark = try #require(image.remarks.first { $0.code == "package-manager-not-read" })
    #expect(remark.subject == system.place && remark.message.contains(system.count))
    #expect(image.remarks.count == 1)
  }
}
