internal import Foundation
internal import Inventory

/// Cells in columns that are as wide as they need to be, the widest cut where the terminal has less.
struct Columns {
  var rows: [[String]] = []
  /// Blanks before the first column.
  var indent = 2

  func lines(width: Int) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    var widths = (0..<count).map { column in rows.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0 }
    let room = width - indent - 2 * max(0, count - 1)
    // The widest column gives way first, none below 8.
    while widths.reduce(0, +) > room, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
      widths[widest] > 8
    {
      let next = widths.indices.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
      let excess = widths.reduce(0, +) - room
      widths[widest] = max(8, widths[widest] - max(1, min(excess, widths[widest] - next)))
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let cut = shortened(cell, to: widths[column])
        return cut + String(repeating: " ", count: max(0, widths[column] - displayWidth(cut)))
      }
      return shortened(trimmed(String(repeating: " ", count: indent) + cells.joined(separator: "  ")), to: width)
    }
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Columns of a terminal that a text takes: two for wide characters of East Asia and for emoji (Unicode annex 11).
func displayWidth(_ text: String) -> Int { text.reduce(0) { $0 + displayWidth($1) } }

private func displayWidth(_ character: Character) -> Int {
  switch character.unicodeScalars.first?.value ?? 0 {
  case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
    0x1F300...0x1FAFF, 0x20000...0x3FFFD:
    2
  default: 1
  }
}

/// The text, or its beginning and `…`.
func shortened(_ text: String, to width: Int) -> String {
  if displayWidth(text) <= width { return text }
  var kept = ""
  var used = 1
  for character in text {
    used += displayWidth(character)
    if used > width { break }
    kept.append(character)
  }
  return kept + "…"
}

/// A line, or as many as it takes, broken between words, later ones indented further.
func wrapped(_ text: String, indent: Int, width: Int) -> [String] {
  var lines: [String] = []
  var line = String(repeating: " ", count: indent)
  var isEmpty = true
  for word in text.split(separator: " ") {
    if !isEmpty, displayWidth(line) + 1 + displayWidth(String(word)) > width {
      lines.append(line)
      line = String(repeating: " ", count: indent + 2)
      isEmpty = true
    }
    line += (isEmpty ? "" : " ") + word
    isEmpty = false
  }
  return isEmpty ? lines : lines + [line]
}
