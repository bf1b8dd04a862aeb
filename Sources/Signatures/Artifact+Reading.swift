internal import Fingerprints
package import Foundation

extension Artifact {
  /// The artifact that `contents` under `path` is, without sources.
  package init(path: String, contents: Data) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let fingerprint = fingerprint(of: contents, name: name)
    self.init(
      path: path, size: UInt64(contents.count), sha256: Digest(of: contents), gitoid: gitBlob(of: contents),
      kind: fingerprint.kind, marks: fingerprint.marks)
  }

  /// The same of a file on this machine. Throws where it cannot be read.
  package init(path: String, file: URL) throws {
    self.init(path: path, contents: try Data(contentsOf: file, options: .mappedIfSafe))
  }
}
