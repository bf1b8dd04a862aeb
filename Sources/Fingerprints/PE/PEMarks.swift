internal import Crypto
internal import Foundation

private let markedSections: Set = [".text", ".rdata", ".data"]

extension PE {
  /// The Authenticode digest (Microsoft, "Windows Authenticode Portable Executable Signature Format") with SHA-256.
  ///
  /// Signing pads the file to 8 bytes before it appends certificates; an unsigned file is padded here: both agree.
  func authenticode() throws -> Digest {
    let certificates = header.directory(PEDirectory.Index.certificates)
    let end = certificates.map { UInt64($0.address) } ?? bytes.count
    let afterChecksum = header.checksum + 4
    var afterEntry = afterChecksum
    var hasher = MaskedHasher(bytes)
    try hasher.update(0, header.checksum)
    if header.directories.count > PEDirectory.Index.certificates {
      try hasher.update(afterChecksum, header.certificateEntry - afterChecksum)
      afterEntry = header.certificateEntry + 8
    }
    guard end >= afterEntry else { throw Malformed("it ends in its header") }
    try hasher.update(afterEntry, end - afterEntry)
    if let certificates {
      let rest = try sum(end, UInt64(certificates.size))
      guard rest <= bytes.count else { throw Malformed("the certificates are cut off") }
      try hasher.update(rest, bytes.count - rest)
    } else {
      hasher.update(zeros: (8 - bytes.count % 8) % 8)
    }
    return hasher.finalize()
  }

  /// SHA-256 of what is mapped and does not name the build: machine, entry, directories, and of each section but debug
  /// information its name, place and bytes. Time stamps, ids of debug information and the PDB's path count as zero;
  /// checksum, certificates, overlay and COFF symbols are no part of it.
  func imageDigest() throws -> Digest {
    var masks: [Range<UInt64>] = []
    for entry in try debugEntries() {
      masks += entry.volatile
      if entry.namesBuild { masks.append(entry.data) }
    }
    if let exports = header.directory(PEDirectory.Index.exports), let place = try? offset(of: exports.address) {
      masks.append(place.offset + 4..<place.offset + 8)
    }
    var hasher = MaskedHasher(bytes, masks: masks)
    hasher.update(text: "\(header.machine)\n\(header.entry)\n")
    for (index, directory) in header.directories.enumerated() where index != PEDirectory.Index.certificates {
      hasher.update(text: "\(directory.address) \(directory.size)\n")
    }
    for section in header.sections where !section.isDebug {
      hasher.update(text: "\(section.name)\0\(section.virtualSize) \(section.address)\n")
      try hasher.update(UInt64(section.rawOffset), section.mappedSize)
    }
    return hasher.finalize()
  }

  /// `NAME=SHA-256` of the sections that hold code or constants, cut to what is mapped.
  func sectionMarks() throws -> [Mark] {
    var seen: Set<String> = []
    var marks: [Mark] = []
    for section in header.sections
    where markedSections.contains(section.name) && section.mappedSize >= smallestMarkedSection {
      guard seen.insert(section.name).inserted else { continue }
      let digest = Digest(of: try bytes.slice(UInt64(section.rawOffset), section.mappedSize).data)
      marks.append(Mark(.section, "\(section.name)=\(digest)"))
    }
    return marks
  }
}

extension PEHeader {
  /// What machine, entry and section table say of the layout, debug information left out: equal for signed, stamped
  /// and stripped copies.
  var shape: String {
    shapeDigest(
      ["pe", "\(isWide)", "\(machine)", "\(entry)"]
        + sections.filter { !$0.isDebug }.map { "\($0.name) \($0.virtualSize) \($0.address) \($0.rawSize)" })
  }
}
