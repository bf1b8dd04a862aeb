import Foundation
import TestSupport
import Testing

/// Roots on logical volumes of every kind. Fixtures/cases/16-lvm-kinds says what is right.
@Suite struct Case16 {
  private func expectRHEL(_ image: ScanResult.Image) {
    #expect(image.status == "scanned" && image.error == nil, "\(image)")
    #expect(
      image.operatingSystems.map { [$0.volume, $0.distribution, $0.version, $0.hostname] } == [
        ["/dev/vg/root", "rhel", "8.9", "kind-host"]
      ])
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8_9"])
  }

  @Test func `reads a thin root and the linear volume beside it`() async throws {
    let image = try await scanCase("16-lvm-kinds/mixed.qcow2", reader: "auto")
    expectRHEL(image)
    #expect(image.names("pypi") == ["requests 2.31.0"])
  }

  /// Without an appliance the root is named as what could not be read.
  @Test func `says which volume it did not read`() async throws {
    let image = try await scanCase("16-lvm-kinds/mixed.qcow2")
    #expect(image.status == "partial" && image.error?.code == "needs-appliance")
    #expect(image.volumes.contains { $0.id == "/dev/vg/root" && $0.status == "failed" })
    #expect(image.names("pypi") == ["requests 2.31.0"])
  }

  @Test(
    .enabled(if: testsAll), arguments: ["striped", "raid1", "thin", "cached", "mixed"], ["auto", "appliance"])
  func `reads every kind`(kind: String, reader: String) async throws {
    expectRHEL(try await scanCase("16-lvm-kinds/\(kind).qcow2", reader: reader))
  }
}
