internal import Fingerprints
internal import Foundation

/// The kernel that appliances are made from, unpacked once. A kernel unpacks itself at every boot, which takes an emulated
/// processor a third of the time until an appliance is ready; QEMU starts an unpacked one as well (PVH,
/// https://xenbits.xen.org/docs/unstable/misc/pvh.html).
///
/// libguestfs makes appliances in a folder of ours and looks itself whether they are of the programs and the kernel that
/// the machine has now; where it makes a new one the packed kernel is back, and is unpacked again.
struct ApplianceKernel {
  /// Where libguestfs keeps our appliances (its own are in the same place and stay as they are); nil where somebody else
  /// has made that folder.
  static var cache: URL? {
    let folder = "/var/tmp/.vmlineage-\(getuid())"
    mkdir(folder, 0o700)
    var facts = stat()
    guard lstat(folder, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == getuid(),
      facts.st_mode & 0o077 == 0
    else { return nil }
    return URL(fileURLWithPath: folder)
  }

  /// libguestfs's folder in it (guestfs-internal, `guestfs_int_build_appliance`).
  private let folder: URL
  private var kernel: URL { folder.appending(path: "appliance.d/kernel") }
  private var packed: URL { folder.appending(path: "appliance.d/kernel.packed") }

  init(cache: URL) { folder = cache.appending(path: ".guestfs-\(getuid())") }

  /// Unpacks the kernel where that was not done yet, and packs it again where `boots` says that it does not start so.
  func prepare(boots: () async -> Bool) async {
    // Tried before, for better or worse; or there is no appliance yet.
    if FileManager.default.fileExists(atPath: packed.path) { return }
    guard (try? unpack()) != nil else { return }
    if await boots() { return }
    try? Data(contentsOf: packed).write(to: kernel, options: .atomic)
  }

  /// Under supermin's lock, so that no appliance gets the kernel of another.
  private func unpack() throws {
    let lock = try FileHandle(forWritingTo: folder.appending(path: "lock"))
    defer { try? lock.close() }
    guard lockf(lock.fileDescriptor, F_TLOCK, 0) == 0 else { throw CocoaError(.fileLocking) }
    guard let plain = unpackedKernel(try Data(contentsOf: kernel, options: .alwaysMapped)) else { return }
    try FileManager.default.copyItem(at: kernel, to: packed)
    try plain.write(to: kernel, options: .atomic)
  }
}

/// What a packed kernel holds, by the header that boot loaders read; nil where it is none, or no ELF file comes out.
///
///     0x1F1  sectors of 512 bytes before the program, less one (0 means 4)
///     0x202  "HdrS", then the version (2.08 or later says where the payload is)
///     0x248  payload from the program's start, its length (32 bits each, little-endian)
///
/// The payload ends with its unpacked length, which is no part of it except in gzip's own format.
/// Source: Linux, Documentation/arch/x86/boot.rst.
func unpackedKernel(_ file: Data) -> Data? {
  func number(_ offset: Int, _ count: Int) -> Int? {
    guard offset + count <= file.count else { return nil }
    return file[(file.startIndex + offset)...].prefix(count).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
  guard number(0x202, 4) == 0x5372_6448, let version = number(0x206, 2), version >= 0x208, let setup = number(0x1F1, 1),
    let offset = number(0x248, 4), let length = number(0x24C, 4)
  else { return nil }
  let start = ((setup == 0 ? 4 : setup) + 1) * 512 + offset
  guard length > 8, start <= file.count, length <= file.count - start else { return nil }
  var payload = file[(file.startIndex + start)...].prefix(length)
  if !payload.starts(with: [0x1F, 0x8B]) { payload = payload.dropLast(4) }
  let elf = Data([0x7F, 0x45, 0x4C, 0x46])
  guard let plain = try? ArchiveReader.unpacked(payload, limit: 512 << 20), plain.starts(with: elf) else { return nil }
  return plain
}
