internal import Foundation

/// `NAME=value` lines as os-release(5) allows them: shell quoting without expansion. Spaces around `=` are accepted, as
/// SuSE-release has them; the last of several lines with one name counts. Values over 1 KiB are dropped.
func shellAssignments(_ text: String) -> [String: String] {
  var fields: [String: String] = [:]
  for line in text.split(whereSeparator: \.isNewline) {
    guard let equals = line.firstIndex(of: "=") else { continue }
    let name = line[..<equals].trimmingCharacters(in: .whitespaces)
    let isName = name.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
    if isName, !name.isEmpty, let value = declaredText(shellUnquoted(value)) { fields[name] = value }
  }
  return fields
}

/// What a shell would make of one word: quotes removed, backslash escapes undone; within double quotes only of `$ " \`
/// and the backtick, within single quotes of none. An unquoted space or `#` ends it.
private func shellUnquoted(_ text: String) -> String {
  var value = ""
  var quote: Character?
  var rest = Substring(text)
  while let character = rest.popFirst() {
    if character == quote {
      quote = nil
    } else if quote == nil, character == "\"" || character == "'" {
      quote = character
    } else if character == "\\", quote != "'", let next = rest.first {
      if quote == "\"", !"$\"\\`".contains(next) { value.append(character) }
      value.append(next)
      rest.removeFirst()
    } else if quote == nil, character.isWhitespace {
      break
    } else {
      value.append(character)
    }
  }
  return value
}

/// The machine that an ELF file is for, as `uname -m` names it. Byte 4 is the class (1: 32 bits), byte 5 the byte
/// order, the 16 bits at 18 the machine (System V ABI, chapter 4; numbers from elf.h).
func elfArchitecture(_ data: Data) -> String? {
  let head = [UInt8](data.prefix(20))
  guard head.count == 20, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
  let isBigEndian = head[5] == 2
  let is32Bit = head[4] == 1
  guard let machine = RPMBytes(bytes: head, isBigEndian: isBigEndian).u16(18) else { return nil }
  switch machine {
  case 3: return "i686"
  case 8: return is32Bit ? "mips" : "mips64"
  case 20: return "ppc"
  case 21: return isBigEndian ? "ppc64" : "ppc64le"
  case 22: return is32Bit ? "s390" : "s390x"
  case 40: return "armv7l"
  case 43: return "sparc64"
  case 62: return is32Bit ? "x32" : "x86_64"
  case 183: return "aarch64"
  case 243: return is32Bit ? "riscv32" : "riscv64"
  case 258: return is32Bit ? "loongarch32" : "loongarch64"
  default: return nil
  }
}
