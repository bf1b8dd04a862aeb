internal import DiskFormats

/// Logical volumes of LVM 2. libvslvm is not asked for these: it does not tell a thin or mirrored volume from a plain one.
///
///     label, in one of the first four sectors: 0 "LABELONE"  20 where its contents begin(4)
///       contents:  0 id, 32 letters  40 areas of data, each place(8) and length(8), to one of zeros; then areas of text
///     area of text: 4 " LVM2 x[5A%r0N*>"  40 where the text is in the area(8)  48 its length(8)
///       the text:  names, values and sections; it goes on behind the area's first sector where the area ends
///
/// Source: lvm2, lib/format_text/layout.h and lib/label/label.h.
struct VolumeGroups {
  /// What one partition holds of a group.
  private struct Part {
    var id: String
    var bytes: VolumeBytes
  }

  /// A logical volume: its bytes, or why they are not read here.
  typealias LogicalVolume = (name: String, bytes: Result<VolumeBytes, DirectDiskError>)

  private var parts: [Part] = []
  /// The text of each group by the group's id: that of the highest number counts, as parts may have missed a change.
  private var groups: [String: LVMText.Group] = [:]

  /// Takes a partition that is part of a group.
  /// - Throws: where it does not say of what.
  mutating func add(_ bytes: VolumeBytes) throws(DirectDiskError) {
    let start = try bytes.bytes(at: 0, count: 2048)
    guard let label = (0..<4).map({ $0 * 512 }).first(where: { start.has("LABELONE", at: $0) }) else { throw damaged }
    let contents = label + Int(start.number(label + 20, 4))
    guard contents + 40 <= start.count else { throw damaged }
    parts.append(Part(id: String(decoding: start[contents..<contents + 32], as: UTF8.self), bytes: bytes))
    var areas: [[(place: UInt64, length: UInt64)]] = [[], []]
    var position = contents + 40
    for list in 0..<2 {
      while position + 16 <= start.count, start.number(position, 8) != 0 {
        areas[list].append((start.number(position, 8), start.number(position + 8, 8)))
        position += 16
      }
      position += 16
    }
    for area in areas[1] {
      guard let text = try text(bytes, area.place, area.length) else { continue }
      let group = try LVMText(text).group()
      if groups[group.id].map({ $0.number < group.number }) ?? true { groups[group.id] = group }
    }
  }

  private var damaged: DirectDiskError { DirectDiskError("read volume group", "its description is damaged") }

  private func text(_ bytes: VolumeBytes, _ place: UInt64, _ length: UInt64) throws(DirectDiskError) -> [UInt8]? {
    let header = try bytes.bytes(at: place, count: 512)
    guard header.has(" LVM2 x[5A%r0N*>", at: 4) else { throw damaged }
    let (start, count) = (header.number(40, 8), header.number(48, 8))
    if start == 0 || count == 0 { return nil }
    guard count <= 4 << 20, start < length, length <= bytes.size, count <= length - 512 else { throw damaged }
    let first = min(count, length - start)
    var text = try bytes.bytes(at: place + start, count: Int(first))
    if first < count { text += try bytes.bytes(at: place + 512, count: Int(count - first)) }
    return text
  }

  /// Every volume that a system would see, by name.
  func volumes() -> [LogicalVolume] {
    groups.values.flatMap { group in
      group.volumes.map { volume in
        ("/dev/\(group.name)/\(volume.name)", Result { () throws(DirectDiskError) in try bytes(of: volume, in: group) })
      }
    }.sorted { $0.name < $1.name }
  }

  private func bytes(of volume: LVMText.Volume, in group: LVMText.Group) throws(DirectDiskError) -> VolumeBytes {
    var pieces: [VolumeBytes] = []
    for segment in volume.segments {
      guard segment.type == "striped" || segment.type == "linear", segment.stripes.count == 1 else {
        throw DirectDiskError("open volume", "it is a volume of the kind \(segment.type), which is not read here")
      }
      guard let stripe = segment.stripes.first, let place = group.parts[stripe.part],
        let part = parts.first(where: { $0.id == place.id })
      else { throw DirectDiskError("open volume", "a part of its group is missing") }
      let start = stripe.extent.multipliedReportingOverflow(by: group.extentBytes)
      let count = segment.extents.multipliedReportingOverflow(by: group.extentBytes)
      let whole = start.partialValue.addingReportingOverflow(place.start)
      guard !start.overflow, !count.overflow, !whole.overflow,
        let piece = part.bytes.part(from: whole.partialValue, count: count.partialValue)
      else { throw damaged }
      pieces.append(piece)
    }
    guard let joined = VolumeBytes(joining: pieces) else { throw damaged }
    return joined
  }
}
