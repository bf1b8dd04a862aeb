/// A file that holds a disk, or files, in a form that is not read here: known by its first bytes, and said by name.
struct ForeignFormat {
  let code: DiskFormatError.Code
  let reason: String
  let remedy: String

  /// Nil where the file is none that is known.
  init?(_ source: DiskSource) {
    if let packed = Self.packed.first(where: { source.start.has($0.magic, at: $0.offset) }) {
      self.init(.archive, "is a \(packed.name) file, not a disk image", remedy: "unpack it first")
    } else if source.start.has(Self.windowsImage, at: 0) {
      self.init(
        .archive, "is a Windows image (WIM), which holds files, not a disk", remedy: "apply it to a disk image first")
    } else if let image = Self.images.first(where: { source.start.has($0.magic, at: $0.offset) }) {
      self.init(.otherFormat, "is \(image.name), which is not read here", remedy: image.remedy)
    } else if source.end.has("koly", at: 0), source.end.count == 512 {
      self.init(.otherFormat, "is an Apple disk image (DMG), which is not read here", remedy: Self.convert)
    } else {
      return nil
    }
  }

  private init(_ code: DiskFormatError.Code, _ reason: String, remedy: String) {
    self.code = code
    self.reason = reason
    self.remedy = remedy
  }

  private typealias Magic = (name: String, magic: [UInt8], offset: Int)

  /// One file or many in a packed form (file(1), magic/Magdir/{archive,compress}).
  private static let packed: [Magic] = [
    ("gzip", [0x1F, 0x8B, 0x08], 0), ("bzip2", Array("BZh".utf8), 0),
    ("xz", [0xFD] + Array("7zXZ".utf8) + [0], 0), ("zstd", [0x28, 0xB5, 0x2F, 0xFD], 0),
    ("lz4", [0x04, 0x22, 0x4D, 0x18], 0), ("lzop", [0x89] + Array("LZO".utf8) + [0, 0x0D], 0),
    ("zip", Array("PK".utf8) + [3, 4], 0), ("zip", Array("PK".utf8) + [5, 6], 0),
    ("7z", Array("7z".utf8) + [0xBC, 0xAF, 0x27, 0x1C], 0), ("rar", Array("Rar!".utf8) + [0x1A, 0x07], 0),
    ("cab", Array("MSCF".utf8) + [0, 0, 0, 0], 0), ("tar", Array("ustar".utf8), 257),
    ("Proxmox backup (VMA)", Array("VMA".utf8) + [0], 0),
  ]

  private static let windowsImage = Array("MSWIM".utf8) + [0, 0, 0]

  private static let convert = "convert it with qemu-img"
  private static let export = "export it as a raw image first, with ewfexport or affconvert"

  /// Disks in formats of other programs, and machines' memory.
  private static let images: [(name: String, magic: [UInt8], offset: Int, remedy: String)] = [
    ("a forensic image (EWF, E01)", Array("EVF".utf8) + [0x09, 0x0D, 0x0A, 0xFF, 0], 0, export),
    ("a forensic image (EWF, Ex01)", Array("EVF2".utf8) + [0x0D, 0x0A, 0x81, 0], 0, export),
    ("a forensic image (EWF, L01)", Array("LVF".utf8) + [0x09, 0x0D, 0x0A, 0xFF, 0], 0, export),
    ("a forensic image (AFF)", Array("AFF1".utf8), 0, export),
    ("a QED image", Array("QED".utf8) + [0], 0, convert),
    ("a Parallels image", Array("WithoutFreeSpace".utf8), 0, convert),
    ("a Parallels image", Array("WithouFreSpacExt".utf8), 0, convert),
    ("a Bochs image", Array("Bochs Virtual HD Image".utf8), 0, convert),
    ("an Android sparse image", [0x3A, 0xFF, 0x26, 0xED], 0, "convert it with simg2img"),
    ("a partclone image", Array("partclone-image".utf8), 0, "restore it to a raw image with partclone.restore"),
    ("a compressed ISO image (CSO)", Array("CISO".utf8), 0, "unpack it first"),
    ("memory of a machine (LiME)", Array("EMiL".utf8), 0, "name the machine's disk"),
    ("the state of a VMware machine", [0xD2, 0xBE, 0xD2, 0xBE], 0, "name the machine's disk"),
    ("the state of a QEMU machine", Array("QEVM".utf8), 0, "name the machine's disk"),
  ]
}
