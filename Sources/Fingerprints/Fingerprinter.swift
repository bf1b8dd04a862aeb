package import Foundation

/// One family of formats: recognises it by contents and reads what identifies such a file.
protocol Fingerprinter: Sendable {
  /// The kind, where the contents are of this family.
  func kind(of bytes: Bytes) -> FileKind?
  /// Adds marks and descriptions; `name` is the file's own name.
  func read(_ bytes: Bytes, name: String, into fingerprint: inout Fingerprint)
}

/// The first that recognises a file reads it.
private let fingerprinters: [any Fingerprinter] = [
  ELFFingerprinter(),
  PEFingerprinter(),
  ScriptFingerprinter(),
  ArchiveFingerprinter(),
  TextFingerprinter(),
]

/// What can be recognised of a file beyond its digests. Never throws: a file that is not what it seems to be keeps
/// what could be read, and `problem` says why the rest could not. The caller bounds the size of `bytes`.
package func fingerprint(of bytes: Data, name: String) -> Fingerprint {
  if bytes.isEmpty { return Fingerprint(kind: .empty) }
  let bytes = Bytes(bytes)
  for fingerprinter in fingerprinters {
    guard let kind = fingerprinter.kind(of: bytes) else { continue }
    var result = Fingerprint(kind: kind)
    fingerprinter.read(bytes, name: name, into: &result)
    return result
  }
  return Fingerprint(kind: .other)
}

extension Fingerprint {
  /// Reads one part of a file. What is wrong with it becomes the problem and does not end the reading of the others.
  mutating func attempt(_ part: String, _ body: (inout Fingerprint) throws -> Void) {
    do {
      try body(&self)
    } catch {
      problem = problem ?? "\(part): \(error)"
    }
  }
}
