internal import Crypto
package import Foundation

/// Digests that are made beside SHA-256 only where something can be asked of them: each costs as much again.
package struct FurtherDigests: OptionSet, Sendable {
  package let rawValue: Int
  /// Both git ids: for what a repository can hold.
  package static let git = FurtherDigests(rawValue: 1)
  /// For what a package database records by MD5.
  package static let md5 = FurtherDigests(rawValue: 2)

  package init(rawValue: Int) { self.rawValue = rawValue }
}

/// The exact identities of `bytes`, from one pass.
///
/// A git blob is hashed with the header `blob SIZE\0` (git's book, 10.2); with SHA-256 that is the OmniBOR artifact id.
package func digests(of bytes: Data, further: FurtherDigests) -> FileDigests {
  var sha256 = SHA256()
  var git = further.contains(.git) ? (Insecure.SHA1(), SHA256()) : nil
  var md5 = further.contains(.md5) ? Insecure.MD5() : nil
  let header = Data("blob \(bytes.count)\0".utf8)
  git?.0.update(data: header)
  git?.1.update(data: header)
  // Chunks that stay in the processor's cache while several hashers look at them.
  let chunk = 1 << 16
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = rest.prefix(chunk)
    rest = rest.dropFirst(chunk)
    sha256.update(data: part)
    git?.0.update(data: part)
    git?.1.update(data: part)
    md5?.update(data: part)
  }
  return FileDigests(
    sha256: Digest(sha256.finalize()), gitBlob: git.map { Array($0.0.finalize()).hex },
    gitoid: git.map { Digest($0.1.finalize()) }, md5: md5.map { Array($0.finalize()).hex })
}

/// The git blob id of `bytes`: SHA-1 of the header `blob SIZE\0` and the bytes, 40 hexadecimal digits (git's book, 10.2).
package func gitBlob(of bytes: Data) -> String {
  var hasher = Insecure.SHA1()
  hasher.update(data: Data("blob \(bytes.count)\0".utf8))
  hasher.update(data: bytes)
  return Array(hasher.finalize()).hex
}
