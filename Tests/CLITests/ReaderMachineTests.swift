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

  @Test func `without libguestfs what needs no appliance is read, and the rest says what is missing`() throws {
    try withTemporaryFolder { folder in
      let shop = Program.image("shop.vhdx")
      let (finished, image) = try scan(shop, "appliance", without: [.libguestfs], in: folder)
      #expect(finished.status == 2 && image.status == "failed" && image.error?.code == "appliance-failed")
      #expect(image.error?.message.contains("libguestfs.so.0") == true && image.error?.message.contains("\n") == false)
      for reader in ["direct", "auto"] {
        let (finished, image) = try scan(shop, reader, without: [.libguestfs], in: folder)
        #expect(finished.status == 0 && image.volumes.map(\.reader) == ["direct"], "\(finished.errorText)")
      }
      let doctor = try run(machine(without: [.libguestfs, .libtsk]) + [builtProgram, "doctor"])
      for library in ["libguestfs0", "libtsk19"] { #expect(doctor.text.contains("apt-get install \(library)")) }
    }
  }

  /// NTFS and FAT it reads by libtsk, VMDK by libnbd.
  @Test(arguments: [("windows.vhd", MachinePart.libtsk), ("shop.vmdk", .libnbd)])
  func `without a library of the direct reader the appliance reads what needs it`(
    name: String, part: MachinePart
  ) throws {
    try withTemporaryFolder { folder in
      var image = Program.image(name)
      if part == .libnbd {
        image = folder.appending(path: name).path
        #expect(try run(["qemu-img", "convert", "-O", "vmdk", Program.image("shop.vhdx"), image]).status == 0)
      }
      let (finished, found) = try scan(image, "auto", without: [part], in: folder)
      #expect(finished.status == 0 && found.status == "scanned", "\(finished.errorText)")
      #expect(Set(found.volumes.map(\.reader)) == ["appliance"])
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
