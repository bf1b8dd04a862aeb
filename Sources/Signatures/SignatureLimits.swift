internal import Fingerprints

/// What a signature may hold. A signature may come from a stranger; what no build needs is refused before it costs.
package enum SignatureLimits {
  /// 256 MiB.
  package static let fileSize = 256 << 20
  package static let artifacts = 1_000_000
  package static let marks = 4_096
  package static let sources = 100_000
  /// Bytes of a path: PATH_MAX of Linux.
  package static let path = 4_096
  /// Bytes of a name, a release, a mark.
  package static let text = 1_024
  /// Bytes of a command line and of its parts.
  package static let command = 131_072
  /// The first integer that RFC 8785 cannot write exactly (2^53).
  package static let integer: UInt64 = 1 << 53
}

extension Signature {
  /// Throws what `error` makes of the first place that breaks a limit.
  func check(_ error: (_ place: String, _ reason: String) -> SignatureError) throws {
    try check(application, "application", error)
    try check(release, "release", error)
    try check(environment, error)
    guard artifacts.count <= SignatureLimits.artifacts else {
      throw error("artifacts", "more than \(SignatureLimits.artifacts)")
    }
    // By bytes: two spellings of one accented letter are two files.
    var paths: Set<[UInt8]> = []
    for (position, artifact) in artifacts.enumerated() {
      let place = "artifacts[\(position)]"
      try artifact.check { error("\(place).\($0)", $1) }
      guard paths.insert(Array(artifact.path.utf8)).inserted else {
        throw error("\(place).path", "a second artifact with this path")
      }
    }
  }

  private func check(_ text: String, _ place: String, _ error: (String, String) -> SignatureError) throws {
    guard isText(text) else { throw error(place, "empty, longer than \(SignatureLimits.text) bytes, or holds a NUL") }
  }

  private func check(_ environment: BuildEnvironment?, _ error: (String, String) -> SignatureError) throws {
    guard let environment else { return }
    let texts = [environment.platform, environment.compiler, environment.builder].compactMap(\.self)
    guard texts.allSatisfy({ isText($0) }) else {
      throw error("environment", "a text is empty, longer than \(SignatureLimits.text) bytes, or holds a NUL")
    }
    let bytes = (environment.command ?? []).reduce(0) { $0 + $1.utf8.count + 1 }
    guard bytes <= SignatureLimits.command else {
      throw error("environment.command", "longer than \(SignatureLimits.command) bytes")
    }
  }
}

extension Artifact {
  fileprivate func check(_ error: (String, String) -> SignatureError) throws {
    guard isRelativePath(path) else { throw error("path", "not a relative path without `.`, `..` and empty names") }
    guard size < SignatureLimits.integer else { throw error("size", "2^53 or more") }
    guard isHexadecimal(gitoid, count: 40) else { throw error("gitoid", "not 40 lower-case hexadecimal digits") }
    guard marks.count <= SignatureLimits.marks else { throw error("marks", "more than \(SignatureLimits.marks)") }
    for (position, mark) in marks.enumerated() where !isText(mark.value) {
      throw error("marks[\(position)].value", "empty, longer than \(SignatureLimits.text) bytes, or holds a NUL")
    }
    guard sources.count <= SignatureLimits.sources else {
      throw error("sources", "more than \(SignatureLimits.sources)")
    }
    for (position, source) in sources.enumerated() {
      try source.check { error("sources[\(position)].\($0)", $1) }
    }
  }
}

extension SourceRevision {
  fileprivate func check(_ error: (String, String) -> SignatureError) throws {
    guard isRelativePath(path) else { throw error("path", "not a relative path without `.`, `..` and empty names") }
    guard isText(repository) else { throw error("repository", "empty, too long, or holds a NUL") }
    guard isHexadecimal(blob, count: 40) else { throw error("blob", "not 40 lower-case hexadecimal digits") }
    // A repository of git's SHA-256 format has commit ids of 64 digits.
    if let revision, !isHexadecimal(revision, count: 40), !isHexadecimal(revision, count: 64) {
      throw error("revision", "not 40 or 64 lower-case hexadecimal digits")
    }
    if let author, !isText(author) { throw error("author", "empty, too long, or holds a NUL") }
    if let revisions, revisions < 0 || UInt64(revisions) >= SignatureLimits.integer {
      throw error("revisions", "negative, or 2^53 or more")
    }
  }
}

private func isText(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.count <= SignatureLimits.text && !text.utf8.contains(0)
}

private func isRelativePath(_ path: String) -> Bool {
  guard !path.isEmpty, path.utf8.count <= SignatureLimits.path, !path.utf8.contains(0) else { return false }
  let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  return names.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
}

private func isHexadecimal(_ text: String, count: Int) -> Bool {
  let digits = text.utf8
  return digits.count == count
    && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}
