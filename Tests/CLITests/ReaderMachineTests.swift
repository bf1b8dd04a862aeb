import Foundation
import TestSupport
import Testing

/// Scans on machines that lack what the direct reader stands on.
@Suite(.serialized, .enabled(if: canMount)) struct ReaderMachineTests {
  private func scan(
    _ image: String, _ reader: String, without parts: Set<MachinePart>, in folder: URL
  ) throws -> (finished: Finished, image: ScanResult.Image) {
    let options = ["--reader", reader, "--image-format", "raw", "--format", "json"]
    let scan = try Running(
      machine(without: parts) + [builtProgram, "scan", image] + options, in: folder,
      environment: ["LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"])
    let finished = try scan.finish()
    #expect(try left(in: folder).isEmpty)
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (finished, try #require(try decoder.decode(ScanResult.self, from: finished.output).images.first))
  }

  @Test func `where nothing confines, direct fails with a line and auto is the appliance`() throws {
    try withTemporaryFolder { folder in
      let shop = Program.image("shop.vhdx")
      let (finished, image) = try scan(shop, "direct", without: [.landlock, .bubblewrap], in: folder)
      #expect(finished.status == 2 && image.status == "failed" && image.error?.code == "direct-failed")
      #expect(image.error?.message.contains("no Landlock") == true && image.error?.message.contains("\n") == false)
      let other = try scan(shop, "auto", without: [.landlock, .bubblewrap], in: folder)
      #expect(other.finished.status == 0 && other.image.status == "scanned", "\(other.finished.errorText)")
      #expect(other.image.volumes.map(\.reader) == ["appliance"])
    }
  }

  @Test func `without Landlock a sandbox of bubblewrap does, for images of all formats and owners`() throws {
    try withTemporaryFolder { folder in
      for format in ["raw", "vhdx", "vmdk"] {
        let image = folder.appending(path: "shop.\(format)").path
        #expect(try run(["qemu-img", "convert", "-O", format, Program.image("shop.vhdx"), image]).status == 0)
        // What qemu-nbd reads it opens by itself, as this user.
        if format != "vmdk" { #expect(chmod(image, 0o600) == 0 && chown(image, 1000, 1000) == 0) }
        let (finished, found) = try scan(image, "direct", without: [.landlock], in: folder)
        #expect(finished.status == 0 && found.status == "scanned", "\(format): \(finished.errorText)")
        #expect(found.volumes.map(\.reader) == ["direct"] && found.counts["files"] == 11)
      }
    }
  }

  @Test func `without qemu-nbd auto has the appliance read what needs it`() throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "shop.vmdk").path
      #expect(try run(["qemu-img", "convert", "-O", "vmdk", Program.image("shop.vhdx"), image]).status == 0)
      let (finished, found) = try scan(image, "auto", without: [.blockServer], in: folder)
      #expect(finished.status == 0 && found.status == "scanned", "\(finished.errorText)")
      #expect(found.volumes.map(\.reader) == ["appliance"])
      // What is read from the file itself does without.
      let other = try scan(Program.image("shop.vhdx"), "auto", without: [.blockServer], in: folder)
      #expect(other.finished.status == 0 && other.image.volumes.map(\.reader) == ["direct"])
    }
  }
}
