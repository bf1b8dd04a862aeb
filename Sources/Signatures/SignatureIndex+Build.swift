internal import Fingerprints
package import Foundation

extension SignatureIndex {
  /// What went into an index.
  package struct Built: Sendable {
    package var builds = 0
    /// Builds that were given twice.
    package var repeated = 0
    /// Files of a folder that could not be used, and why.
    package var problems: [SignatureError] = []
  }

  /// Writes one index file of signature files, folders of them (`*.json` and `*.db`, with all folders below) and other
  /// indexes. One signature is in memory at a time; the same input gives the same bytes. The file appears whole or
  /// not at all.
  ///
  /// A file that is named and cannot be used throws SignatureError; one in a folder is reported and left out.
  package static func build(from paths: [String], at output: String) throws -> Built {
    let temporary = output + ".\(UUID().uuidString).tmp"
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    do {
      var built = Built()
      let writer = try IndexWriter(path: temporary)
      for path in paths {
        let found = try SignatureFiles.find(path)
        for file in found.files {
          do {
            try add(file, to: writer, &built)
          } catch let error as SignatureError where found.isFolder {
            built.problems.append(error)
          }
        }
      }
      try writer.finish()
      guard rename(temporary, output) == 0 else {
        throw SignatureError("write signature index", output, String(cString: strerror(errno)))
      }
      return built
    } catch let known as SignatureError {
      throw known
    } catch {
      throw SignatureError("write signature index", output, "\(error)")
    }
  }

  private static func add(_ file: String, to writer: IndexWriter, _ built: inout Built) throws {
    func add(_ signature: Signature) throws {
      let differences = try signature.differences()
      guard differences.isEmpty, let build = signature.build else {
        throw SignatureError(
          "read signature", file, differences.joined(separator: "; "),
          remedy: "see: vmlineage signatures verify; a file that was edited needs its build id computed again")
      }
      if try writer.add(signature, build: build) { built.builds += 1 } else { built.repeated += 1 }
    }
    guard file.hasSuffix(".db") else { return try add(Signature.read(URL(fileURLWithPath: file))) }
    let index = try SignatureIndex(path: file)
    for id in try index.builds() {
      if let signature = try index.build(id) { try add(signature) }
    }
  }

  /// Opens what `--signatures` names: one index file is used as it is; anything else becomes an index in
  /// `temporaryFolder`, which must outlive the value. Files of a folder that cannot be used are given to `warn`.
  package static func open(
    paths: [String], temporaryFolder: URL, warn: (SignatureError) -> Void
  ) throws -> SignatureIndex {
    if paths.count == 1, paths[0].hasSuffix(".db"), !SignatureFiles.isFolder(paths[0]) {
      return try SignatureIndex(path: paths[0])
    }
    let file = temporaryFolder.appending(path: "signatures-\(UUID().uuidString).db")
    let built = try build(from: paths, at: file.path)
    built.problems.forEach(warn)
    return try SignatureIndex(path: file.path)
  }
}
