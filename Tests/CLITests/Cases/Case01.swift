import Testing

/// Systems that OSTree keeps.
struct Case01 {
  @Test(arguments: [[], ["--only", "declared"]])
  func `a deployment is the system`(options: [String]) async throws {
    let image = try await scanCase("01-ostree/coreos.qcow2", options)
    let system = try #require(image.operatingSystems.first)
    #expect(image.status == "scanned" && image.operatingSystems.count == 1 && image.remarks.isEmpty)
    #expect(system.distribution == "fedora" && system.version == "40" && system.hostname == "coreos-node-1")
    #expect(system.states.isEmpty)
    #expect(image.names("rpm") == (try packages(ofRPM: caseTruth("01-ostree/rpm.truth"))))
    #expect(image.names("pypi") == ["requests 2.31.0"])
  }

  @Test(arguments: [[], ["--only", "declared"]])
  func `the deployment that is booted is the system, the other one its state`(options: [String]) async throws {
    let image = try await scanCase("01-ostree/two.qcow2", options)
    let system = try #require(image.operatingSystems.first)
    #expect(image.status == "scanned" && image.operatingSystems.count == 1)
    #expect(system.version == "40" && system.hostname == "node-40")
    #expect(system.states.map(\.version) == ["41"] && system.states.map(\.kind) == ["deployment"])
    #expect(image.names("rpm") == (try packages(ofRPM: caseTruth("01-ostree/two-40.rpm.truth"))))
    #expect(image.remarks.map(\.code) == ["boot-entry"])
    guard options.isEmpty else { return }
    #expect(image.names("pypi") == ["requests 2.31.0"])
    #expect(try caseTruth("01-ostree/two.count.truth") == ["\(image.counts["files"] ?? 0)"])
  }
}
