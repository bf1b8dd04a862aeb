internal import Foundation

/// Texts that name their interpreter.
struct ScriptFingerprinter: Fingerprinter {
  static let magic = Array("#!".utf8)

  func kind(of bytes: Bytes) -> FileKind? {
    // Whether the rest is text does not matter: self-extracting installers carry an archive behind the script.
    bytes.starts(with: Self.magic) && bytes.prefix(256).data.contains(UInt8(ascii: "\n")) ? .script : nil
  }

  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint) {
    if TextFingerprinter().kind(of: bytes) != nil {
      TextFingerprinter().read(bytes, name: name, into: &fingerprint)
    }
  }
}
