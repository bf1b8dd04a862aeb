/// A format of disk images. The raw values are the words of the JSON documents.
package enum DiskFormat: String, CaseIterable, Codable, Sendable {
  case raw, qcow2, vhd, vhdx, vmdk, vdi

  /// QEMU's name of the block driver that reads this format.
  package var qemuDriver: String { self == .vhd ? "vpc" : rawValue }

  /// The format of which QEMU's block driver has this name, as qcow2 headers name the format of their backing file.
  init?(qemuDriver: String) {
    guard let format = Self.allCases.first(where: { $0.qemuDriver == qemuDriver }) else { return nil }
    self = format
  }
}
