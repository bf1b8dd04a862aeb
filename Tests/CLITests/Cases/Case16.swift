import TestSupport
import Testing

/// Logical volumes of every kind.
struct Case16 {
  @Test(arguments: testsAll ? ["auto", "appliance"] : ["auto"])
  func `a thin root is read beside a linear volume`(reader: String) async throws {
    let image = try await scanCase("16-lvm-kinds/mixed.qcow2", reader: reader)
    #expect(image.status == "scanned" && image.remarks.isEmpty)
    #expect(image.volumes.map(\.id).sorted() == ["/dev/vg/opt", "/dev/vg/root"])
    #expect(image.volumes.allSatisfy { $0.status == "read" })
    try expectSystem(image)
    #expect(image.names("pypi", on: "/dev/vg/root") == ["requests 2.31.0"])
  }

  @Test(.enabled(if: testsAll), arguments: ["striped", "raid1", "thin", "cached"])
  func `a root is read on any kind of volume`(kind: String) async throws {
    let image = try await scanCase("16-lvm-kinds/\(kind).qcow2", reader: "auto")
    #expect(image.status == "scanned" && image.remarks.isEmpty)
    #expect(image.volumes.map(\.id) == ["/dev/vg/root"])
    try expectSystem(image)
  }

  @Test func `what is not read without an appliance is said`() async throws {
    let image = try await scanCase("16-lvm-kinds/mixed.qcow2")
    #expect(image.status == "partial")
    let root = image.volumes.first { $0.id == "/dev/vg/root" }
    #expect(root?.status == "failed" && root?.error?.code == "needs-appliance")
    #expect(root?.error?.message.contains("of the kind thin") == true)
    #expect(image.names("pypi") == ["requests 2.31.0"])
  }

  private func expectSystem(_ image: ScanResult.Image) throws {
    #expect(image.operatingSystems.count == 1)
    let system = try #require(image.operatingSystems.first)
    #expect(system.volume == "/dev/vg/root" && system.distribution == "rhel" && system.version == "8.9")
    #expect(system.hostname == "kind-host")
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8_9"])
  }
}
