import Foundation
import TestSupport
import Testing

/// Disks with a volume that holds nothing. Fixtures/cases/17-blank-volume says what is right.
@Suite struct Case17 {
  private func expectDebian(_ image: ScanResult.Image) throws {
    #expect(image.status == "scanned" && image.error == nil, "\(image)")
    #expect(image.operatingSystems.map(\.distribution) == ["debian"])
    #expect(image.operatingSystems.first?.hostname == "blank-host")
    #expect(image.names("deb") == (try truth("cases/17-blank-volume/dpkg.truth").map { "\($0[0]) \($0[1])" }.sorted()))
  }

  @Test(arguments: ["appliance", "direct"])
  func `a blank volume hides none of its neighbours`(reader: String) async throws {
    let image = try await scanCase("17-blank-volume/app-blank-root.qcow2", reader: reader)
    try expectDebian(image)
    #expect(image.names("pypi") == ["requests 2.31.0"])
    #expect(
      image.remarks.contains { $0.code == "empty-partition" && $0.subject == "/dev/vg_b/asm" }, "\(image.remarks)")
  }

  @Test(
    .enabled(if: testsAll), arguments: ["partition-and-blank", "docker-pool", "control"], ["auto", "appliance"])
  func `nor does one in another group or pool`(disk: String, reader: String) async throws {
    try expectDebian(try await scanCase("17-blank-volume/\(disk).qcow2", reader: reader))
  }
}
