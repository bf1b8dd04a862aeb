internal import Foundation

/// What QEMU and qemu-img are given to read a checked image: the name of the backing file for an overlay, and its format.
package struct QEMUBacking: Equatable, Sendable {
  /// `json:{…}`, each layer with its driver, so that nothing is left to be probed.
  package let name: String
  /// The driver of the outermost layer, for `qemu-img create -F`.
  package let driver: String
}

extension DiskHeader {
  /// Why QEMU does not read an image that is in order; nil where it does. QEMU, block/vhdx.c, `vhdx_parse_metadata`.
  package var qemuObstacle: String? {
    guard format == .vhdx, let sectorSize, sectorSize != 512 else { return nil }
    return "QEMU does not read VHDX with sectors of 4,096 bytes"
  }
}

/// Names the files of `chain` by the descriptors that this process holds open: `/proc/PID/fd/N`, which survives a rename,
/// or as `path` has it.
///
/// A VMDK with extents is named by its real path instead, because QEMU opens extents by name beside their descriptor.
/// Whoever hands that over must trust that the allowed folder does not change meanwhile.
package func qemuBacking(
  _ chain: DiskChain, path: (DiskFile) -> String = { "/proc/\(getpid())/fd/\($0.descriptor)" }
) throws(DiskFormatError) -> QEMUBacking {
  var node: JSON = .null
  for layer in chain.layers.reversed() { node = blockNode(layer, path: path(layer.file), backing: node) }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  let subject = chain.layers[0].file.path
  guard let json = try? encoder.encode(node) else {
    throw DiskFormatError(.cannotOpen, operation: "name for QEMU", subject: subject, reason: "its path is no text")
  }
  let name = "json:" + String(decoding: json, as: UTF8.self)
  guard name.utf8.count <= 1023 else {
    throw DiskFormatError(
      .unsupported, operation: "name for QEMU", subject: subject,
      reason: "has so many layers that their names are over 1,023 bytes, the most QEMU takes")
  }
  return QEMUBacking(name: name, driver: driver(of: chain.header))
}

/// QEMU's block drivers and their options: qemu-storage-daemon-qmp-ref(7), BlockdevOptions.
private func blockNode(_ layer: DiskChain.Layer, path: String, backing: JSON) -> JSON {
  let file = layer.file
  let named = layer.extents.isEmpty ? nil : file.realPath
  var node: [String: JSON] = [
    "driver": .text(driver(of: layer.header)),
    "file": .object([
      "driver": .text(file.isBlockDevice ? "host_device" : "file"),
      "filename": .text(named ?? path),
    ]),
  ]
  switch layer.header.format {
  // Null where there is no layer below: then QEMU does not follow a name that the image might hold after all.
  case .qcow2, .vmdk: node["backing"] = backing
  case .vhd where layer.header.subformat == "fixed":
    node["offset"] = .number(0)
    node["size"] = .number(layer.header.virtualSize)
  // Otherwise QEMU takes the size from the geometry, which may be less, unless it knows the creator.
  case .vhd: node["force_size_calc"] = .text("current_size")
  case .raw, .vhdx, .vdi: break
  }
  return .object(node)
}

/// A fixed VHD is its data and a footer: read as raw without the footer, which serves every creator and footer length.
private func driver(of header: DiskHeader) -> String {
  header.format == .vhd && header.subformat == "fixed" ? DiskFormat.raw.qemuDriver : header.format.qemuDriver
}

private indirect enum JSON: Encodable {
  case null
  case text(String)
  case number(UInt64)
  case object([String: JSON])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .object(let object): try container.encode(object)
    }
  }
}
