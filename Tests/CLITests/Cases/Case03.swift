import Testing

/// What says which system it is lies behind links.
struct Case03 {
  @Test(arguments: [[], ["--only", "declared"]])
  func `links are followed inside of the image`(options: [String]) async throws {
    let expected: [(name: String, distribution: String, version: String, hostname: String?)] = [
      ("fedora", "fedora", "28", "fed-srv"), ("atomic", "rhel", "7.9", nil), ("nixos", "nixos", "24.05", "nix-host"),
    ]
    for (name, distribution, version, hostname) in expected {
      let image = try await scanCase("03-os-release-links/\(name).qcow2", options)
      let system = try #require(image.operatingSystems.first)
      #expect(image.status == "scanned" && image.operatingSystems.count == 1)
      #expect(system.distribution == distribution && system.version == version && system.hostname == hostname)
      let packages = name == "nixos" ? [] : try packages(ofRPM: caseTruth("03-os-release-links/rpm.truth"))
      #expect(image.names("rpm") == packages)
      #expect(image.remarks.isEmpty, "\(image.remarks)")
    }
  }
}
