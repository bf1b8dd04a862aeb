import TestSupport
import Testing

/// Groups of logical volumes in the states that disks are found in.
@Suite(.enabled(if: testsAll)) struct Case50 {
  private func scan(_ name: String, _ reader: String) async throws -> ScanResult.Image {
    try await scanCase("50-lvm-states/\(name).qcow2", reader: reader)
  }

  @Test(arguments: ["classic", "thin"], ["auto", "appliance"])
  func `a snapshot is an earlier state of its origin`(kind: String, reader: String) async throws {
    let image = try await scan(kind, reader)
    let group = kind == "thin" ? "/dev/vg_t" : "/dev/vg_c"
    #expect(image.status == "scanned" && image.operatingSystems.count == 1)
    let system = try #require(image.operatingSystems.first)
    #expect(system.volume == "\(group)/root" && system.hostname == "new-host")
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8"])
    let states = kind == "thin" ? ["before", "earlier"] : ["before"]
    #expect(system.states.map(\.volume).sorted() == states.map { "\(group)/\($0)" })
    #expect(system.states.allSatisfy { $0.kind == "snapshot" && $0.created != nil })
  }

  @Test(arguments: ["auto", "appliance"])
  func `of a group that lacks a part what is whole is read`(reader: String) async throws {
    let image = try await scan("whole", reader)
    #expect(image.status == "partial" && image.error?.code == "volume-group-incomplete")
    #expect(image.error?.message.contains("volume group vg_m") == true)
    #expect(image.operatingSystems.map(\.hostname) == ["new-host"])
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8"] && image.names("pypi") == ["requests 2.31.0"])
    let stripes = image.volumes.first { $0.id == "/dev/vg_m/stripes" }
    #expect(stripes?.status == "failed" && stripes?.error?.code == "incomplete")

    let half = try await scan("half", reader)
    #expect(half.status == "partial" && half.error?.code == "volume-group-incomplete")
    #expect(half.operatingSystems.isEmpty && half.names("pypi") == ["requests 2.31.0"])
    #expect(
      half.volumes.filter { $0.status == "failed" }.map(\.id).sorted() == ["/dev/vg_m/root", "/dev/vg_m/stripes"])
  }

  @Test(arguments: ["direct", "appliance"])
  func `two groups with one name are both read`(reader: String) async throws {
    let image = try await scan("twins", reader)
    #expect(image.status == "scanned" && image.volumes.map(\.id).sorted() == ["/dev/vg#2/root", "/dev/vg/root"])
    #expect(image.operatingSystems.compactMap(\.hostname).sorted() == ["new-host", "other-host"])
    #expect(image.volumes.allSatisfy { $0.status == "read" })
  }

  @Test(arguments: ["direct", "appliance"])
  func `a group that is handed over to another machine is read`(reader: String) async throws {
    let image = try await scan("away", reader)
    #expect(image.status == "scanned" && image.operatingSystems.map(\.hostname) == ["new-host"])
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8"] && image.names("pypi") == ["requests 2.31.0"])
  }

  @Test func `one half of a mirrored array is read`() async throws {
    let image = try await scan("array", "auto")
    #expect(image.status == "scanned" && image.operatingSystems.map(\.hostname) == ["new-host"])
    #expect(image.remarks.map(\.code) == ["array-degraded"])
  }

  @Test func `mirrors, RAID with parity and write caches are read`() async throws {
    let image = try await scan("kinds", "auto")
    #expect(image.status == "scanned" && image.operatingSystems.map(\.hostname) == ["new-host"])
    #expect(image.names("rpm") == ["openssl 1.1.1k-12.el8"] && image.names("pypi") == ["requests 2.31.0"])
    #expect(image.volumes.map(\.id).sorted() == ["/dev/vg_k/data", "/dev/vg_k/opt", "/dev/vg_k/root"])
  }

  @Test func `a volume into which a snapshot is merged is read as it is then`() async throws {
    let image = try await scan("merging", "auto")
    #expect(image.status == "scanned" && image.operatingSystems.map(\.hostname) == ["old-host"])
    #expect(image.names("rpm") == ["openssl 1.1.1k-9.el8"])
  }

  @Test(arguments: ["direct", "appliance"])
  func `a pool that a container engine fills by itself is told`(reader: String) async throws {
    let image = try await scan("layers", reader)
    #expect(image.status == "scanned" && image.operatingSystems.map(\.hostname) == ["new-host"])
    #expect(image.remarks.map { "\($0.code) \($0.subject)" } == ["not-understood /dev/vg_d/docker-pool"])
  }
}
