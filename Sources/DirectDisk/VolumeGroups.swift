internal import DiskFormats
internal import Inventory

/// Logical volumes of LVM 2. libvslvm is not asked for these: it does not tell a thin or mirrored volume from a plain one.
///
///     label, in one of the first four sectors: 0 "LABELONE"  20 where its contents begin(4)
///       contents:  0 id, 32 letters  40 areas of data, each place(8) and length(8), to one of zeros; then areas of text
///     area of text: 0 checksum of the rest of its 512 bytes(4)  4 " LVM2 x[5A%r0N*>"  40 where the text is in the area(8)
///         48 its length(8)  56 its checksum(4)  60 flags(4): 1 where it does not count
///       the text:  names, values and sections; it goes on behind the area's first sector where the area ends
///
/// Source: lvm2, lib/format_text/layout.h, lib/label/label.h and lib/misc/crc.c.
struct VolumeGroups {
  /// What one partition holds of a group.
  private struct Part {
    var id: String
    var device: String
    var bytes: VolumeBytes
    /// Of its group, where it says one.
    var group: String?
    var isDamaged = false
  }

  /// A logical volume: its bytes, or why they are not read here.
  typealias LogicalVolume = (name: String, bytes: Result<VolumeBytes, DirectDiskError>)

  private var parts: [Part] = []
  /// The text of each group by the group's id: that of the highest number counts, as parts may have missed a change.
  private var groups: [String: LVMText.Group] = [:]

  /// Takes a partition that is part of a group.
  /// - Throws: where it does not say of what, or is a copy of another one.
  mutating func add(_ bytes: VolumeBytes, as device: String) throws(DirectDiskError) {
    let start = try bytes.bytes(at: 0, count: 2048)
    guard let label = (0..<4).map({ $0 * 512 }).first(where: { start.has("LABELONE", at: $0) }) else { throw damaged }
    let contents = label + Int(start.number(label + 20, 4))
    guard contents + 40 <= start.count else { throw damaged }
    var part = Part(
      id: String(decoding: start[contents..<contents + 32], as: UTF8.self), device: device, bytes: bytes)
    if let other = parts.first(where: { $0.id == part.id }) {
      throw DirectDiskError(
        "open volume", "it is a copy of \(other.device): both have the same LVM id, so one of them is read",
        isFinal: true)
    }
    var areas: [[(place: UInt64, length: UInt64)]] = [[], []]
    var position = contents + 40
    for list in 0..<2 {
      while position + 16 <= start.count, start.number(position, 8) != 0 {
        areas[list].append((start.number(position, 8), start.number(position + 8, 8)))
        position += 16
      }
      position += 16
    }
    // Of two areas one may be damaged.
    var failure: DirectDiskError?
    for area in areas[1] {
      do throws(DirectDiskError) {
        guard let text = try text(bytes, area.place, area.length) else { continue }
        let group = try LVMText(text).group()
        part.group = group.id
        if groups[group.id].map({ $0.number < group.number }) ?? true { groups[group.id] = group }
      } catch {
        failure = error
      }
    }
    part.isDamaged = part.group == nil && failure != nil
    parts.append(part)
    if part.isDamaged, let failure { throw failure }
  }

  private var damaged: DirectDiskError {
    DirectDiskError("open volume", "the description of its volume group is damaged", isFinal: true)
  }

  private func text(_ bytes: VolumeBytes, _ place: UInt64, _ length: UInt64) throws(DirectDiskError) -> [UInt8]? {
    let header = try bytes.bytes(at: place, count: 512)
    guard header.has(" LVM2 x[5A%r0N*>", at: 4), header.count == 512, checksum(header[4...]) == header.number(0, 4)
    else {
      throw damaged
    }
    let (start, count) = (header.number(40, 8), header.number(48, 8))
    if start == 0 || count == 0 || header.number(60, 4) & 1 != 0 { return nil }
    guard count <= 4 << 20, start < length, length <= bytes.size, count <= length - 512 else { throw damaged }
    let first = min(count, length - start)
    var text = try bytes.bytes(at: place + start, count: Int(first))
    if first < count { text += try bytes.bytes(at: place + 512, count: Int(count - first)) }
    guard checksum(text[...]) == header.number(56, 4) else { throw damaged }
    return text
  }

  /// CRC-32 with a start of its own and no inversion at the end.
  private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var sum: UInt32 = 0xF597_A6CF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }
    return UInt64(sum)
  }

  /// Every group with what it is called: of two with one name the second by id gets a number.
  private var named: [(name: String, group: LVMText.Group)] {
    var count: [String: Int] = [:]
    return groups.values.sorted { $0.id < $1.id }.map { group in
      let number = count[group.name, default: 0] + 1
      count[group.name] = number
      return (number == 1 ? group.name : "\(group.name)#\(number)", group)
    }
  }

  /// Every volume that a system would see, by name.
  func volumes() -> [LogicalVolume] {
    var found: [LogicalVolume] = []
    for (name, group) in named {
      let stores = Set(group.volumes.flatMap(\.segments).compactMap { $0.names["cow_store"] })
      for volume in group.volumes {
        // A snapshot is a volume without a name that joins two others; a system sees it by the name of the one that
        // holds what changed.
        if volume.isPool || volume.segments.contains(where: { $0.type == "snapshot" }) { continue }
        guard volume.isVisible || stores.contains(volume.name) else { continue }
        let bytes = Result { () throws(DirectDiskError) in try self.bytes(of: volume, in: group, name) }
        found.append(("/dev/\(name)/\(volume.name)", bytes))
      }
    }
    return found.sorted { $0.name < $1.name }
  }

  private func bytes(
    of volume: LVMText.Volume, in group: LVMText.Group, _ name: String
  ) throws(DirectDiskError) -> VolumeBytes {
    for segment in group.volumes.flatMap(\.segments) where segment.type == "snapshot" {
      if segment.names["cow_store"] == volume.name {
        throw DirectDiskError("open volume", "it is a snapshot, which is not read here")
      }
      if segment.names["origin"] == volume.name, segment.names["merging_store"] != nil {
        throw DirectDiskError("open volume", "a snapshot is being merged into it, which is not done here")
      }
    }
    var pieces: [VolumeBytes] = []
    for segment in volume.segments {
      guard segment.type == "striped" || segment.type == "linear", segment.stripes.count == 1,
        let stripe = segment.stripes.first
      else {
        let kind = segment.type == "striped" ? "striped over several physical volumes" : "of the kind \(segment.type)"
        throw DirectDiskError("open volume", "it is \(kind), which is not read here")
      }
      if group.volumes.contains(where: { $0.name == stripe.part }) {
        throw DirectDiskError("open volume", "it lies on another logical volume, which is not read here")
      }
      guard let place = group.parts[stripe.part], let part = parts.first(where: { $0.id == place.id }) else {
        throw DirectDiskError(
          "open volume", "a physical volume of its group \(name) is not on this disk", isFinal: true, isIncomplete: true
        )
      }
      let start = stripe.extent.multipliedReportingOverflow(by: group.extentBytes)
      let count = segment.extents.multipliedReportingOverflow(by: group.extentBytes)
      let whole = start.partialValue.addingReportingOverflow(place.start)
      guard !start.overflow, !count.overflow, !whole.overflow,
        let piece = part.bytes.part(from: whole.partialValue, count: count.partialValue)
      else { throw DirectDiskError("open volume", "it goes beyond its physical volume", isFinal: true) }
      pieces.append(piece)
    }
    guard let joined = VolumeBytes(joining: pieces) else { throw damaged }
    return joined
  }

  /// Groups of which a part is not there.
  func problems() -> [Problem] {
    named.compactMap { name, group in
      let missing = group.parts.values.count { place in !parts.contains { $0.id == place.id } }
      if missing == 0 { return nil }
      return Problem(
        code: "volume-group-incomplete", operation: "open volumes", subject: "volume group \(name)",
        reason: "\(missing) of its physical volumes are not on this disk")
    }
  }

  /// What holds no volumes, or other ones than it should.
  func remarks() -> [Problem] {
    let orphans = parts.filter { $0.group == nil && !$0.isDamaged && isOrphan($0) }.map { part in
      remark("empty-partition", part.device, "is a physical volume of no volume group")
    }
    let empty = named.filter { $0.group.volumes.isEmpty }.map { name, _ in
      remark("empty-partition", "volume group \(name)", "has no logical volumes")
    }
    return orphans + empty + named.flatMap { name, group in foreignPools(of: group, name) }
  }

  private func remark(_ code: String, _ subject: String, _ reason: String) -> Problem {
    Problem(code: code, operation: "open volume", subject: subject, reason: reason)
  }

  /// Whether no group has it, such as one that keeps no description of its own.
  private func isOrphan(_ part: Part) -> Bool {
    !groups.values.contains { $0.parts.values.contains { $0.id == part.id } }
  }

  /// A pool without volumes is one that a container engine uses by itself, unless nothing was ever written to it.
  private func foreignPools(of group: LVMText.Group, _ name: String) -> [Problem] {
    let used = Set(group.volumes.flatMap(\.segments).compactMap { $0.names["thin_pool"] })
    return group.volumes.filter { volume in
      guard let segment = volume.segments.first, segment.type == "thin-pool", !used.contains(volume.name) else {
        return false
      }
      return holdsBlocks(segment.names["metadata"], in: group, name)
    }.map { pool in
      let reason = "holds thin volumes that are no logical volumes, such as layers of containers"
      return remark("not-understood", "/dev/\(name)/\(pool.name)", reason)
    }
  }

  /// Linux, drivers/md/dm-thin-metadata.c: a superblock with its magic at 32, and at 72 how many blocks are in use.
  private func holdsBlocks(_ metadata: String?, in group: LVMText.Group, _ name: String) -> Bool {
    guard let volume = group.volumes.first(where: { $0.name == metadata }),
      let start = try? bytes(of: volume, in: group, name).bytes(at: 0, count: 80)
    else { return true }
    if start.allSatisfy({ $0 == 0 }) { return false }
    return start.number(32, 8) != 27_022_010 || start.number(72, 8) > 0
  }
}
