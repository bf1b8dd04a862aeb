internal import Fingerprints
internal import Signatures

/// What an artifact is for, as far as its path shows: it decides what it means that the artifact is not there.
enum Purpose {
  /// Missed where it is absent.
  case running
  /// Headers, static libraries, objects: left out of most installs.
  case development
  /// Licences, manuals, translations: left out of slim images, and the same in many applications.
  case documentation
  /// Meant to be changed.
  case configuration
  /// Too small to say anything.
  case tiny

  init(of artifact: Artifact) {
    let names = artifact.path.lowercased().split(separator: "/").map(String.init)
    let (name, folders) = (names.last ?? "", names.dropLast())
    let ending = name.contains(".") ? name.split(separator: ".").last.map(String.init) ?? "" : ""
    if ![.elf, .pe, .dotnet, .script].contains(artifact.kind), Self.isDocumentation(name, folders, ending) {
      self = .documentation
    } else if artifact.size < Rarity.leastSize {
      self = .tiny
    } else if folders.contains(where: { ["etc", "conf", "conf.d"].contains($0) })
      || Self.configurationEndings.contains(ending)
    {
      self = .configuration
    } else if folders.contains("include") || Self.developmentEndings.contains(ending) {
      self = .development
    } else {
      self = .running
    }
  }

  private static let configurationEndings: Set<String> = ["conf", "cfg", "ini", "cnf", "config", "env"]
  private static let developmentEndings: Set<String> = [
    "h", "hh", "hpp", "hxx", "a", "la", "o", "obj", "lib", "pc", "pdb", "cmake", "m4",
  ]
  private static let documentationFolders: Set<String> = ["doc", "docs", "man", "info", "locale", "licenses", "help"]
  private static let documentationNames = [
    "license", "licence", "copying", "copyright", "readme", "changelog", "changes", "news", "authors", "notice",
    "credits", "thanks",
  ]

  private static let documentationEndings: Set<String> = ["", "md", "rst", "adoc", "txt", "html", "pdf", "gz", "mo"]

  private static func isDocumentation(_ name: String, _ folders: ArraySlice<String>, _ ending: String) -> Bool {
    let isText = documentationEndings.contains(ending) || ending.count == 1 && ending.first?.isNumber == true
    if ["md", "rst", "adoc", "mo"].contains(ending) { return true }
    let stem = name.split(separator: ".").first.map(String.init) ?? name
    return isText
      && (folders.contains { documentationFolders.contains($0) }
        || documentationNames.contains { stem == $0 || stem.hasPrefix($0 + "-") || stem.hasPrefix($0 + "_") })
  }

  /// Whether a person starts the artifact: a program is copied out of its release alone, a library is embedded.
  func isProgram(_ artifact: Artifact) -> Bool {
    guard self == .running, [.elf, .pe, .dotnet].contains(artifact.kind) else { return false }
    let name = artifact.path.lowercased().split(separator: "/").last.map(String.init) ?? ""
    let isLibrary = name.contains(".so") || [".dll", ".ko", ".node", ".pyd", ".sys"].contains { name.hasSuffix($0) }
    return !isLibrary
  }
}

/// What the artifacts of each build are for, in their order: found once, since each is asked for many times.
struct Purposes {
  private let byBuild: [Digest: [Purpose]]

  init(_ signatures: [Digest: Signature]) {
    byBuild = signatures.mapValues { $0.artifacts.map(Purpose.init(of:)) }
  }

  subscript(build: Digest, artifact: Int) -> Purpose {
    guard let all = byBuild[build], all.indices.contains(artifact) else { return .tiny }
    return all[artifact]
  }

  subscript(build: Digest) -> [Purpose] { byBuild[build] ?? [] }
}

/// What a build's artifacts lead one to expect of an image that holds it.
struct Expectation {
  /// Positions of the artifacts whose absence speaks against the build.
  let needed: Set<Int>
  /// The same and what only developers need: one file alone shows a release only where it is all of these.
  let whole: Set<Int>

  init(of purposes: [Purpose]) {
    func positions(_ kinds: Set<Purpose>) -> Set<Int> { Set(purposes.indices.filter { kinds.contains(purposes[$0]) }) }
    let running = positions([.running])
    // A release of nothing but configuration or headers is known by these.
    needed = running.isEmpty ? positions([.development, .configuration]) : running
    whole = running.isEmpty ? needed : positions([.running, .development])
  }
}
