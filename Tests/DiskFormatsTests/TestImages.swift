import DiskFormats
import Foundation
import TestSupport
import Testing

/// An image in memory.
struct MemoryBytes: RandomAccessBytes {
  var bytes: [UInt8]
  var size: UInt64 { UInt64(bytes.count) }

  func read(at offset: UInt64, count: Int) -> [UInt8] {
    guard offset < size, count > 0 else { return [] }
    let start = Int(offset)
    return Array(bytes[start..<min(bytes.count, start + count)])
  }

  mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
    withUnsafeBytes(of: value.bigEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
  }

  mutating func put(_ text: String, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + text.utf8.count, with: Array(text.utf8))
  }
}

func header(_ bytes: [UInt8], assume: DiskFormat? = nil) throws(DiskFormatError) -> DiskHeader {
  try readDiskHeader(MemoryBytes(bytes: bytes), name: "image", assume: assume)
}

/// The error of reading `bytes`, or nil where they are read.
func failure(_ bytes: [UInt8], assume: DiskFormat? = nil) -> DiskFormatError? {
  do throws(DiskFormatError) {
    _ = try header(bytes, assume: assume)
    return nil
  } catch { return error }
}

/// The error of reading the chain of `path`, or nil.
func chainFailure(_ path: URL, allowed: [URL] = []) -> DiskFormatError? {
  do throws(DiskFormatError) {
    _ = try readDiskChain(path: path.path, allowed: allowed.map(\.path))
    return nil
  } catch { return error }
}

/// Runs a program and requires its success.
@discardableResult
func done(_ arguments: String..., in folder: URL) throws -> Data {
  let finished = try run(arguments, in: folder)
  try #require(finished.status == 0, "\(arguments): \(finished.errorText)")
  return finished.output
}

/// What `qemu-img info` says.
struct QEMUInfo: Decodable {
  let format: String
  let virtualSize: UInt64
  let backingName: String?

  enum CodingKeys: String, CodingKey {
    case format
    case virtualSize = "virtual-size"
    case backingName = "backing-filename"
  }

  init(_ path: URL) throws {
    let output = try done("qemu-img", "info", "-U", "--output=json", path.path, in: path.deletingLastPathComponent())
    self = try JSONDecoder().decode(Self.self, from: output)
  }
}

/// A raw disk of `megabytes` MiB with random data, zeros and holes between, in `folder`/disk.raw.
func makeRawDisk(in folder: URL, megabytes: Int = 4, seed: UInt64 = 1) throws -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  var bytes = [UInt8](repeating: 0, count: megabytes << 20)
  for start in stride(from: 0, to: bytes.count, by: 96 << 10) where start == 0 || generator.next() % 3 == 0 {
    let end = min(bytes.count, start + 40 << 10)
    for position in start..<end { bytes[position] = UInt8(truncatingIfNeeded: generator.next()) }
  }
  for position in bytes.count - 4096..<bytes.count { bytes[position] = UInt8(truncatingIfNeeded: generator.next()) }
  try Data(bytes).write(to: folder.appending(path: "disk.raw"))
  return bytes
}

/// A kind of image that qemu-img makes.
struct Kind: CustomTestStringConvertible, Sendable {
  let format: DiskFormat
  let options: String
  let subformat: String
  var compressed = false

  var testDescription: String { "\(format.rawValue) \(options)\(compressed ? " compressed" : "")" }
  /// Whether other files hold its data.
  var isSplit: Bool { subformat.contains("Flat") || subformat.contains("twoGb") }

  static let all: [Kind] = [
    Kind(format: .qcow2, options: "compat=0.10", subformat: "0.10"),
    Kind(format: .qcow2, options: "compat=1.1", subformat: "1.1"),
    Kind(format: .qcow2, options: "compat=1.1", subformat: "1.1", compressed: true),
    Kind(format: .qcow2, options: "compression_type=zstd", subformat: "1.1", compressed: true),
    Kind(format: .qcow2, options: "cluster_size=512", subformat: "1.1"),
    Kind(format: .qcow2, options: "cluster_size=2M", subformat: "1.1"),
    Kind(format: .qcow2, options: "extended_l2=on", subformat: "1.1"),
    Kind(format: .qcow2, options: "extended_l2=on,cluster_size=16k", subformat: "1.1", compressed: true),
    Kind(format: .qcow2, options: "preallocation=metadata", subformat: "1.1"),
    Kind(format: .vhd, options: "subformat=fixed", subformat: "fixed"),
    Kind(format: .vhd, options: "subformat=fixed,force_size=on", subformat: "fixed"),
    Kind(format: .vhd, options: "subformat=dynamic", subformat: "dynamic"),
    Kind(format: .vhd, options: "subformat=dynamic,force_size=on", subformat: "dynamic"),
    Kind(format: .vhdx, options: "subformat=fixed", subformat: "fixed"),
    Kind(format: .vhdx, options: "subformat=dynamic", subformat: "dynamic"),
    Kind(format: .vhdx, options: "subformat=dynamic,block_size=1M", subformat: "dynamic"),
    Kind(format: .vdi, options: "static=off", subformat: "dynamic"),
    Kind(format: .vdi, options: "static=on", subformat: "fixed"),
    Kind(format: .vmdk, options: "subformat=monolithicSparse", subformat: "monolithicSparse"),
    Kind(format: .vmdk, options: "subformat=streamOptimized", subformat: "streamOptimized"),
    Kind(format: .vmdk, options: "subformat=monolithicFlat", subformat: "monolithicFlat"),
    Kind(format: .vmdk, options: "subformat=twoGbMaxExtentSparse", subformat: "twoGbMaxExtentSparse"),
    Kind(format: .vmdk, options: "subformat=twoGbMaxExtentFlat", subformat: "twoGbMaxExtentFlat"),
  ]

  /// One small image for each format that stands in one file.
  static let whole = all.filter { !$0.isSplit }

  /// Makes the image of `folder`/disk.raw.
  func make(in folder: URL, name: String = "image") throws -> URL {
    let path = folder.appending(path: name)
    let arguments =
      ["qemu-img", "convert", "-f", "raw", "-O", format.qemuDriver, "-o", options] + (compressed ? ["-c"] : [])
      + ["disk.raw", path.path]
    let finished = try run(arguments, in: folder)
    try #require(finished.status == 0, "\(finished.errorText)")
    return path
  }
}
