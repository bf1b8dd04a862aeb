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
package func digests(of bytes: Data, further: FurtherDigests) -> FileDigests {
  var stream = DigestStream(size: UInt64(bytes.count), further: further)
  stream.update(bytes)
  return stream.finish()
}

/// The exact identities of a file whose bytes come in parts.
///
/// A git blob is hashed with the header `blob SIZE\0` (git's book, 10.2); with SHA-256 that is the OmniBOR artifact id.
package struct DigestStream {
  private var sha256 = SHA256()
  private var git: (sha1: Insecure.SHA1, sha256: SHA256)?
  private var md5: Insecure.MD5?

  /// - Parameter size: bytes of all parts together.
  package init(size: UInt64, further: FurtherDigests) {
    if further.contains(.md5) { md5 = Insecure.MD5() }
    guard further.contains(.git) else { return }
    let header = Data("blob \(size)\0".utf8)
    git = (Insecure.SHA1(), SHA256())
    git?.sha1.update(data: header)
    git?.sha256.update(data: header)
  }

  package mutating func update(_ bytes: Data) {
    // Chunks that stay in the processor's cache while several hashers look at them.
    let chunk = 1 << 16
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(chunk)
      rest = rest.dropFirst(chunk)
      sha256.update(data: part)
      git?.sha1.update(data: part)
      git?.sha256.update(data: part)
      md5?.update(data: part)
    }
  }

  package func finish() -> FileDigests {
    FileDigests(
      sha256: Digest(sha256.finalize()), gitBlob: git.map { Array($0.sha1.finalize()).hex },
      gitoid: git.map { Digest($0.sha256.finalize()) }, md5: md5.map { Array($0.finalize()).hex })
  }
}

/// The git blob id of `bytes`: SHA-1 of the header `blob SIZE\0` and the bytes, 40 hexadecimal digits (git's book, 10.2).
package func gitBlob(of bytes: Data) -> String {
  var hasher = Insecure.SHA1()
  hasher.update(data: Data("blob \(bytes.count)\0".utf8))
  hasher.update(data: bytes)
  return Array(hasher.finalize()).hex
}
