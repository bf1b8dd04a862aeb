import Testing

/// Volumes that are put together by the types of their partitions.
struct Case06 {
  @Test(arguments: [[], ["--only", "declared"]])
  func `what no fstab names is found by its type`(options: [String]) async throws {
    let flatcar = try await scanCase("06-no-fstab/flatcar.qcow2", options)
    let system = try #require(flatcar.operatingSystems.first)
    #expect(flatcar.status == "scanned" && flatcar.operatingSystems.count == 1 && flatcar.remarks.isEmpty)
    #expect(system.distribution == "flatcar" && system.version == "3815.2.1" && system.hostname == "flat-01")
    #expect(flatcar.names("pypi") == ["requests 2.31.0"])

    let debian = try await scanCase("06-no-fstab/ddi.qcow2", options)
    #expect(debian.status == "scanned" && debian.operatingSystems.count == 1 && debian.remarks.isEmpty)
    #expect(debian.operatingSystems.first?.version == "12" && debian.operatingSystems.first?.hostname == "ddi")
    #expect(
      debian.names("deb") == (try truth("cases/06-no-fstab/dpkg.truth").map { $0.joined(separator: " ") }.sorted()))
  }
}
