import Foundation
import TestSupport

/// Fills a folder with files of every kind that file systems stumble over: holes, many extents, long and odd names, deep
/// folders, links of all lengths, odd permissions and times.
/// - Parameter longest: bytes of the longest link: it must fit in a block.
func fillTree(_ folder: URL, longest: Int = 1000) throws {
  var generator = SeededGenerator(seed: 11)
  func random(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }) }
  let manager = FileManager.default
  for name in ["empty-folder", "folder/below", "many"] {
    try manager.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
  }
  try Data().write(to: folder.appending(path: "empty"))
  try random(200_001).write(to: folder.appending(path: "random"))
  try random(4096).write(to: folder.appending(path: "folder/below/whole-block"))
  try sparse(folder.appending(path: "hole-between"), [(0, random(5000)), (3_000_000, random(5000))])
  try sparse(folder.appending(path: "hole-at-end"), [(0, random(5000))], size: 2_000_000)
  try sparse(folder.appending(path: "all-hole"), [], size: 900_001)
  try sparse(folder.appending(path: "many-extents"), (0..<600).map { (UInt64($0) * 8192, Data([UInt8($0 % 251)])) })
  try manager.linkItem(at: folder.appending(path: "random"), to: folder.appending(path: "hard-link"))
  for (name, target) in [
    ("short-link", "random"), ("inner-link", String(repeating: "i", count: 59)),
    ("outer-link", String(repeating: "o", count: 60)), ("longest-link", String(repeating: "l", count: longest)),
    ("odd-link", "a\u{1}b\nc"), ("dangling", "/nowhere"),
  ] { try manager.createSymbolicLink(atPath: folder.appending(path: name).path, withDestinationPath: target) }
  for (number, name) in ["ümläut", "日本", "new\nline", "esc\u{1B}[2J", " blanks ", "quote\"'\\", "caret^"].enumerated() {
    try random(100 + number).write(to: folder.appending(path: name))
  }
  try random(77).write(to: folder.appending(path: String(repeating: "n", count: 255)))
  for number in 0..<2500 {
    try Data("\(number)".utf8).write(to: folder.appending(path: "many/a-file-with-a-longer-name-\(number)"))
  }
  var deep = folder.appending(path: "deep")
  for level in 0..<40 { deep.append(path: "level-\(level)") }
  try manager.createDirectory(at: deep, withIntermediateDirectories: true)
  try random(10).write(to: deep.appending(path: "bottom"))
  // Bytes that are no UTF-8.
  let odd = Array(folder.path.utf8) + Array("/latin-".utf8) + [0xE4]
  close(open(odd.map { CChar(bitPattern: $0) } + [0], O_CREAT | O_WRONLY, 0o644))
  mkfifo(folder.appending(path: "pipe").path, 0o600)
  chmod(folder.appending(path: "hole-at-end").path, 0o4711)
  chmod(folder.appending(path: "empty-folder").path, 0o1777)
  setTime(folder.appending(path: "empty"), -5)
  setTime(folder.appending(path: "random"), 86_400)
}

/// Sets the time of last modification, in seconds since 1970.
private func setTime(_ file: URL, _ seconds: Int) {
  let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
  utimensat(AT_FDCWD, file.path, times, 0)
}

private func sparse(_ file: URL, _ pieces: [(offset: UInt64, data: Data)], size: UInt64? = nil) throws {
  try Data().write(to: file)
  let handle = try FileHandle(forWritingTo: file)
  for piece in pieces {
    try handle.seek(toOffset: piece.offset)
    try handle.write(contentsOf: piece.data)
  }
  if let size { try handle.truncate(atOffset: size) }
  try handle.close()
}
