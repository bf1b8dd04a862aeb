import TestSupport
import Testing

/// Volumes that hold nothing beside those that do.
struct Case17 {
  /// The image, what is told of it beside its volumes, and where the system is.
  private static let images = [
    ("app-blank-root", ["empty-partition /dev/vg_b/asm"], "/dev/vg_b/root"),
    ("partition-and-blank", ["empty-partition /dev/vg_a/rawdb"], "/dev/sda1"),
    ("control", ["empty-partition volume group vg_a"], "/dev/sda1"),
    // Nothing was ever written to its pool.
    ("docker-pool", [], "/dev/atomicos/root"),
  ]

  @Test(
    arguments: testsAll ? images : Array(images.prefix(1)), ["direct", "appliance"])
  func `a blank volume hides no other one`(_ image: (name: String, remarks: [String], root: String), _ reader: String)
    async throws
  {
    let found = try await scanCase("17-blank-volume/\(image.name).qcow2", reader: reader)
    let system = try #require(found.operatingSystems.first)
    #expect(found.status == "scanned" && found.operatingSystems.count == 1)
    #expect(system.volume == image.root && system.version == "12" && system.hostname == "blank-host")
    let packages = try truth("cases/17-blank-volume/dpkg.truth").map { $0.joined(separator: " ") }.sorted()
    #expect(found.names("deb", on: image.root) == packages && packages.count == 2)
    #expect(found.names("pypi") == (image.name == "app-blank-root" ? ["requests 2.31.0"] : []))
    #expect(found.remarks.map { "\($0.code) \($0.subject)" } == image.remarks)
    #expect(found.volumes.allSatisfy { $0.status == "read" && $0.reader == reader })
  }
}
