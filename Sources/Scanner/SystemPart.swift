internal import Inventory
internal import Packages

/// What shows that a volume holds a part of an operating system, for images in which none could be named. Nil where it holds
/// nothing but data.
func systemPart(_ volume: ListedVolume) -> Problem? {
  let top = volume.names(in: "").map { String(decoding: $0, as: UTF8.self) }
  let known = Dictionary(grouping: top) { $0.lowercased() }
  let found = systemMarks.filter { mark in
    let names =
      DeclaredPlaces.isPattern(mark[0])
      ? top.filter { DeclaredPlaces.matches(mark[0], $0) } : known[mark[0].lowercased()] ?? []
    return names.contains { volume.entry(inAnyCase: Array(mark.dropFirst()), below: GuestPath($0)) != nil }
  }
  if found.isEmpty { return nil }
  let marks = found.prefix(4).map { "/" + $0.joined(separator: "/") }.joined(separator: ", ")
  let reason = reasons.first { found.contains($0.mark) }.map { ": \($0.reason)" } ?? ""
  return Problem(
    code: "system-part", operation: "assemble system", subject: volume.volume.id,
    reason: "it holds a part of an operating system (\(marks)), but nothing that says which\(reason)")
}

/// Systems that keep their files in images of their own.
private let reasons: [(mark: [String], reason: String)] = [
  (["snaps", "*.snap"], "Ubuntu Core has its system in snaps, which are not opened"),
  (["system-data", "etc"], "Ubuntu Core has its system in snaps, which are not opened"),
  (["composefs", "objects"], "its files are in a composefs image, which is not read"),
  (["cOS", "*.img"], "its system is in an image of its own, which is not read"),
  (["k3os", "system"], "its system is in an image of its own, which is not read"),
  (["A", "vmlinuz"], "Talos has its system in its initramfs, which is not read"),
  (["live", "*.squashfs"], "a live system is in a squashfs file, which is not read"),
  (["casper", "*.squashfs"], "a live system is in a squashfs file, which is not read"),
]
