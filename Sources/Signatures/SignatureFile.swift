package import Fingerprints
package import Foundation

// The signature file is the canonical form itself (RFC 8785, the JSON Canonicalization Scheme): keys sorted by UTF-16
// code units, no white space, the shortest escapes, integers only. All keys of a signature are ASCII and all numbers
// are integers below 2^53, and for those Foundation's encoder with sorted keys and plain slashes writes just that form;
// the tests hold it against an independent implementation.

extension Signature {
  /// The bytes of the signature file: the canonical form of all that is known.
  ///
  /// Throws SignatureError where a value has no canonical form (a number of 2^53 or more).
  package func canonical() throws -> Data {
    try check { SignatureError("write signature", application, place: $0, $1) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(.iso8601))
    }
    return try encoder.encode(self)
  }

  /// The build's id by its contents: SHA-256 of the canonical form without `build`, `built`, `created` and `revised`.
  package func computedBuild() throws -> Digest {
    var bare = self
    bare.build = nil
    bare.built = nil
    for artifact in bare.artifacts.indices {
      for source in bare.artifacts[artifact].sources.indices {
        bare.artifacts[artifact].sources[source].created = nil
        bare.artifacts[artifact].sources[source].revised = nil
      }
    }
    return Digest(of: try bare.canonical())
  }

  /// The same signature with its artifacts in order and its build id computed.
  package func sealed() throws -> Signature {
    var sealed = self
    sealed.artifacts.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    sealed.build = try sealed.computedBuild()
    return sealed
  }

  /// What keeps the signature from being what its build id says; empty where it verifies.
  package func differences() throws -> [String] {
    var found: [String] = []
    let inOrder = zip(artifacts, artifacts.dropFirst()).allSatisfy {
      $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
    }
    if !inOrder { found.append("artifacts are not sorted by path") }
    guard let build else { return found + ["build: there is none"] }
    let computed = try computedBuild()
    if build != computed { found.append("build: the file says \(build), its contents give \(computed)") }
    return found
  }

  /// Reads a signature file and checks every bound and field; the build id is not compared with the contents.
  ///
  /// Throws SignatureError, which names the file and the place.
  package static func read(_ file: URL) throws -> Signature {
    func error(_ place: String, _ reason: String) -> SignatureError {
      SignatureError("read signature", file.path, place: place, reason)
    }
    let data: Data
    do {
      let size = try file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
      guard size.isRegularFile == true else { throw error("", "not a regular file") }
      guard (size.fileSize ?? 0) <= SignatureLimits.fileSize else {
        throw error("", "larger than \(SignatureLimits.fileSize) bytes")
      }
      data = try Data(contentsOf: file)
    } catch let known as SignatureError {
      throw known
    } catch {
      throw SignatureError("read signature", file.path, (error as NSError).localizedDescription)
    }
    return try decode(data, file: file.path)
  }

  /// The signature that `data` holds; `file` is what errors call it.
  ///
  /// Throws SignatureError, which names the file and the place.
  package static func decode(_ data: Data, file: String) throws -> Signature {
    func error(_ place: String, _ reason: String) -> SignatureError {
      SignatureError("read signature", file, place: place, reason)
    }
    guard data.count <= SignatureLimits.fileSize else {
      throw error("", "larger than \(SignatureLimits.fileSize) bytes")
    }
    let signature: Signature
    do {
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .custom(strictDate)
      // The schema first: a file of another kind shall be told so, not that a field is missing.
      let schema = try decoder.decode(SchemaOnly.self, from: data).schema
      guard schema == Signature.schema else { throw error("schema", "\(schema.prefix(80)) is not \(Signature.schema)") }
      signature = try decoder.decode(Signature.self, from: data)
    } catch let known as DecodingError {
      throw error(known.place, known.reason)
    }
    try signature.check(error)
    return signature
  }

  /// Writes the canonical form under a temporary name and renames it, so that a reader sees all of it or nothing.
  package func write(to file: URL) throws {
    let data = try canonical()
    guard data.count <= SignatureLimits.fileSize else {
      throw SignatureError(
        "write signature", file.path, "larger than \(SignatureLimits.fileSize) bytes",
        remedy: "make one signature for each part of the application")
    }
    do {
      try data.write(to: file, options: .atomic)
    } catch {
      throw SignatureError("write signature", file.path, (error as NSError).localizedDescription)
    }
  }
}

private struct SchemaOnly: Decodable { var schema: String }

/// Takes `2026-01-31T12:00:00Z` and nothing else that ISO 8601 would allow: one time, one text.
@Sendable private func strictDate(_ decoder: any Decoder) throws -> Date {
  let text = try decoder.singleValueContainer().decode(String.self)
  guard text.utf8.count == 20, let date = try? Date(text, strategy: .iso8601), date.formatted(.iso8601) == text else {
    throw DecodingError.dataCorrupted(
      .init(codingPath: decoder.codingPath, debugDescription: "not a time like 2026-01-31T12:00:00Z"))
  }
  return date
}

extension DecodingError {
  /// The place in the document, such as `artifacts[3].sha256`.
  fileprivate var place: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      Self.place(context.codingPath)
    case .keyNotFound(let key, let context): Self.place(context.codingPath + [key])
    @unknown default: ""
    }
  }

  fileprivate var reason: String {
    switch self {
    case .keyNotFound: "missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      // The underlying error of malformed JSON has the line and column, or the number that does not fit.
      String((context.underlyingError.map { "\($0)" } ?? context.debugDescription).prefix(300))
    @unknown default: "not a signature"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += (text.isEmpty ? "" : ".") + key.stringValue.prefix(80)
      }
    }
  }
}
