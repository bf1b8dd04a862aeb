package import Inventory

// One line of `strace -f -z -y -xx`: a process, a call that succeeded, its arguments, what it gave.
//
//     7343  openat(AT_FDCWD</cwd>, "m.c", O_RDONLY) = 3</cwd/m.c>
//     7343  renameat2(AT_FDCWD</cwd>, "a", AT_FDCWD</cwd>, "b", RENAME_NOREPLACE) = 0
//     7343  dup2(3<pipe:[1696]>, 0</dev/null>) = 0<pipe:[1696]>
//     7343  +++ exited with 0 +++
//
// -xx writes every byte of a string and of a descriptor's path as `\x..`, so that no path can look like syntax; -y adds
// the path that the kernel knows a descriptor by, links resolved; -z leaves failed calls out and writes a call when it
// ends, in one piece.

/// What a process did that matters for what its files are made of.
package enum TraceEvent: Hashable, Sendable {
  /// A file was opened; `path` is absolute. `truncates`: what was there before is gone.
  case opened(path: GuestPath, reads: Bool, writes: Bool, truncates: Bool)
  case renamed(from: GuestPath, to: GuestPath)
  /// A second name (hard link) for what `from` names.
  case linked(from: GuestPath, to: GuestPath)
  case removed(GuestPath)
  /// Standard input (0) or output (1) became this pipe or file.
  case redirected(descriptor: Int, to: GuestPath)
  case executed(GuestPath)
  case movedTo(folder: GuestPath)
  case started(process: Int, isThread: Bool)
  case ended
}

/// A path as a call had it: absolute, or relative to a folder that the line names or to the process's own.
package struct TracePath: Hashable, Sendable {
  /// Nil: the working folder of the process.
  var folder: GuestPath?
  var bytes: [UInt8]

  /// The absolute path, `.`, `..` and double slashes taken out by name alone.
  func absolute(in working: GuestPath) -> GuestPath {
    let slash = UInt8(ascii: "/")
    var names = bytes.first == slash ? [] : (folder ?? working).bytes.split(separator: slash)
    for name in bytes.split(separator: slash) where !name.elementsEqual(".".utf8) {
      if name.elementsEqual("..".utf8) { _ = names.popLast() } else { names.append(name) }
    }
    return GuestPath(bytes: names.joined(separator: [slash]))
  }
}

/// The parts of a line of the trace.
struct TraceLine {
  /// One argument or the result: the text around a string or a descriptor's path, and that string or path.
  struct Value {
    /// Flags and numbers as they are written, without what stands in quotes or angle brackets.
    var text = ""
    var string: [UInt8]?
    var descriptor: GuestPath?
  }

  var process: Int
  /// Empty where the process ended.
  var call = ""
  var arguments: [Value] = []
  var result = Value()

  /// The lines of a trace, those that were interrupted put together: strace 6.1 breaks such a line after
  /// `<unfinished ...>` and writes the rest, without a process, as the next one.
  static func whole(_ trace: some Collection<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    let broken = Array(" <unfinished ...>".utf8)
    for line in trace.split(separator: UInt8(ascii: "\n")) {
      if line.first.map({ (48...57).contains($0) }) ?? false {
        lines.append(Array(line))
      } else if let last = lines.last, last.suffix(broken.count).elementsEqual(broken) {
        lines[lines.count - 1] = last.dropLast(broken.count) + line
      }
    }
    return lines
  }

  /// Nil for a line that says nothing of a call: a signal, a call that was cut off by the end of its process.
  init?(_ line: some Collection<UInt8>) {
    var rest = Array(line)[...]
    let digits = rest.prefix { (48...57).contains($0) }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    process = number
    rest = rest.dropFirst(digits.count).drop { $0 == UInt8(ascii: " ") }
    // "superseded by execve" ends a thread whose id goes on as the process.
    if rest.starts(with: "+++ exited".utf8) || rest.starts(with: "+++ killed".utf8) { return }
    guard let open = rest.firstIndex(of: UInt8(ascii: "(")) else { return nil }
    call = String(decoding: rest[..<open], as: UTF8.self)
    guard call.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }) else { return nil }
    rest = rest[(open + 1)...]
    guard parse(rest) else { return nil }
  }

  /// Takes the arguments and the result; false where the line has none.
  private mutating func parse(_ text: ArraySlice<UInt8>) -> Bool {
    var scanner = TraceScanner(rest: text)
    var depth = 0
    var value = Value()
    while let byte = scanner.next() {
      switch byte {
      case UInt8(ascii: "\""): value.string = scanner.escaped(until: UInt8(ascii: "\""))
      case UInt8(ascii: "<"): value.descriptor = GuestPath(bytes: scanner.escaped(until: UInt8(ascii: ">")))
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ",") where depth == 0:
        arguments.append(value)
        value = Value()
      case UInt8(ascii: ")") where depth == 0:
        arguments.append(value)
        return result(&scanner)
      case UInt8(ascii: " "): break
      default: value.text.append(Character(Unicode.Scalar(byte)))
      }
    }
    return false
  }

  private mutating func result(_ scanner: inout TraceScanner) -> Bool {
    var sawEqual = false
    while let byte = scanner.next() {
      switch byte {
      case UInt8(ascii: "="): sawEqual = true
      case UInt8(ascii: " "): if !result.text.isEmpty { return true }
      case UInt8(ascii: "<"): result.descriptor = GuestPath(bytes: scanner.escaped(until: UInt8(ascii: ">")))
      default: if sawEqual { result.text.append(Character(Unicode.Scalar(byte))) }
      }
    }
    return sawEqual
  }
}

/// Bytes of a line that are not read yet.
private struct TraceScanner {
  var rest: ArraySlice<UInt8>

  mutating func next() -> UInt8? { rest.popFirst() }

  /// The bytes up to `end`, which is taken too: `\xNN` is one byte, anything else stands for itself.
  mutating func escaped(until end: UInt8) -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = next(), byte != end {
      guard byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.dropFirst().prefix(2)
      rest = rest.dropFirst(1 + digits.count)
      bytes.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0)
    }
    return bytes
  }
}
