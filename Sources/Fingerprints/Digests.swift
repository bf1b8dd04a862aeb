internal import Crypto
package import Foundation

/// All exact identities of `bytes`, from one pass.
///
/// A git blob is hashed with the header `blob SIZE\0` (git's book, 10.2); with SHA-256 that is the OmniBOR artifact id.
package func digests(of bytes: Data) -> FileDigests {
  var sha256 = SHA256()
  var gitBlob = Insecure.SHA1()
  var gitoid = SHA256()
  var md5 = Insecure.MD5()
  let header = Data("blob \(bytes.count)\0".utf8)
  gitBlob.update(data: header)
  gitoid.update(data: header)
  // Chunks that stay in the processor's cache while four hashers look at them.
  let chunk = 1 << 16
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = rest.prefix(chunk)
    rest = rest.dropFirst(chunk)
    sha256.update(data: part)
    gitBlob.update(data: part)
    gitoid.update(data: part)
    md5.update(data: part)
  }
  return FileDigests(
    sha256: Digest(sha256.finalize()), gitBlob: Array(gitBlob.finalize()).hex,
    gitoid: Digest(gitoid.finalize()), md5: Array(md5.finalize()).hex)
}
