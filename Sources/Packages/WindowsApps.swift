internal import Foundation
internal import Inventory

/// The full name of an MSIX or AppX package: `NAME_VERSION_ARCHITECTURE_RESOURCE_PUBLISHER` (Microsoft, "Package identity
/// overview").
struct AppxName: Hashable {
  let full: String
  let name: String
  let version: String
  let architecture: String
  let resource: String
  let publisher: String

  init?(_ text: String) {
    guard let full = DeclaredText.line(text) else { return nil }
    let parts = full.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, !parts[0].isEmpty, !parts[4].isEmpty,
      parts[1].wholeMatch(of: /[0-9]{1,5}(\.[0-9]{1,5}){3}/) != nil
    else { return nil }
    self.full = full
    (name, version, architecture, resource, publisher) = (parts[0], parts[1], parts[2], parts[3], parts[4])
  }

  /// What only adds languages, sizes of pictures or levels of graphics to another package.
  var isResource: Bool {
    let resource = resource.lowercased()
    return ["split.", "language-", "scale-", "dxfeaturelevel-"].contains { resource.hasPrefix($0) }
  }

  /// What holds the packages of all architectures; one of them is set up, under a name of its own.
  var isBundle: Bool { resource == "~" }
}

/// The MSIX and AppX packages of a Windows, frameworks among them. A package is there for all accounts that use it, so it
/// counts once. Left out are packages of resources, bundles of which a package is there, and those that the registry has in
/// its list of what is to be deleted (`EndOfLife`) and for no other account.
struct AppxList {
  private struct Entry {
    var name: AppxName
    var location: GuestPath
    var manifest: AppxManifest?
  }

  /// By full name in small letters.
  private var entries: [String: Entry] = [:]
  private var order: [String] = []
  /// Accounts that have a package, and accounts of which it is to be deleted.
  private var users: [String: Set<String>] = [:]
  private var deleted: [String: Set<String>] = [:]

  private mutating func add(_ text: String, at location: GuestPath) -> String? {
    guard let name = AppxName(text) else { return nil }
    let key = name.full.lowercased()
    if entries[key] == nil {
      entries[key] = Entry(name: name, location: location)
      order.append(key)
    }
    return key
  }

  /// What is set up for all accounts, what comes with Windows, what each account has, and what is kept for accounts to come.
  mutating func read(software hive: Hive, at path: GuestPath) {
    let repository =
      "Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\PackageRepository\\Packages"
    for (name, _) in list(hive, hive.key(repository)) { _ = add(name, at: path) }
    let store = hive.key("Microsoft\\Windows\\CurrentVersion\\Appx\\AppxAllUserStore")
    for (part, key) in list(hive, store) {
      let part = part.lowercased()
      let isAccount = part.hasPrefix("s-1-")
      guard isAccount || ["applications", "inboxapplications", "staged"].contains(part) else { continue }
      for (name, _) in list(hive, key) {
        if let app = add(name, at: path), isAccount { users[app, default: []].insert(part) }
      }
    }
    for (account, key) in list(hive, store.flatMap { hive.key("Deleted\\EndOfLife", below: $0) }) {
      for (name, _) in list(hive, key) { deleted[name.lowercased(), default: []].insert(account.lowercased()) }
    }
  }

  /// What one account has.
  mutating func read(classes hive: Hive, at path: GuestPath) {
    let packages =
      "Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\Repository\\Packages"
    for (name, _) in list(hive, hive.key(packages)) {
      if let app = add(name, at: path) { users[app, default: []].insert(path.description) }
    }
  }

  private func list(_ hive: Hive, _ key: Hive.Key?) -> [(name: String, key: Hive.Key)] {
    key.map { hive.children(of: $0) } ?? []
  }

  /// A package's own manifest: it names the package as people see it, and is there where the registry is not. What comes with
  /// Windows is in a directory without version; its name is put together of what the manifest says.
  /// - Returns: whether it is a manifest.
  mutating func read(manifest data: Data, at path: GuestPath) -> Bool {
    let folder = path.parent.name
    let manifest = AppxManifest(data)
    let publisher = folder.split(separator: "_").last.map(String.init) ?? ""
    let composed = manifest.map { "\($0.name)_\($0.version)_\($0.architecture)_\($0.resource)_\(publisher)" }
    if let key = add(folder, at: path) ?? composed.flatMap({ add($0, at: path) }) {
      entries[key]?.manifest = manifest
      entries[key]?.location = path
    }
    return manifest != nil
  }

  func packages(_ paths: WindowsFiles) -> [Package] {
    let present = order.compactMap { entries[$0] }.filter { entry in
      let key = entry.name.full.lowercased()
      let left = (users[key] ?? []).subtracting(deleted[key] ?? [])
      let isDeleted = deleted[key] != nil && left.isEmpty
      return !isDeleted && !entry.name.isResource && entry.manifest?.isResource != true
    }
    let families = Set(present.filter { !$0.name.isBundle }.map { [$0.name.name, $0.name.publisher] })
    return present.filter { !$0.name.isBundle || !families.contains([$0.name.name, $0.name.publisher]) }.map { entry in
      let isBeside = entry.location.name.lowercased() == "appxmanifest.xml"
      let folder = isBeside ? entry.location.parent : GuestPath("Program Files/WindowsApps/" + entry.name.full)
      return Package(
        kind: .msix, name: entry.manifest?.displayName ?? entry.name.name, version: entry.name.version,
        architecture: entry.name.architecture.isEmpty ? nil : entry.name.architecture,
        vendor: entry.manifest?.publisher, location: entry.location,
        files: paths.below(folder).map { PackageFile(path: $0) })
    }
  }
}

/// What AppxManifest.xml says of its package (Microsoft, "Package manifest schema reference"). No XML parser: a few elements of
/// a file that anybody may have written are looked for, each once.
struct AppxManifest {
  let name: String
  let version: String
  let architecture: String
  let resource: String
  /// The name that people see; nil where it is a reference to a resource of the package.
  let displayName: String?
  let publisher: String?
  /// Whether it only adds to another package.
  let isResource: Bool

  /// What is read here stands at the beginning.
  private static let mostBytes = 64 << 10

  init?(_ data: Data) {
    let text = Self.withoutComments(String(decoding: data.prefix(Self.mostBytes), as: UTF8.self))
    guard let start = text.range(of: "<Identity") else { return nil }
    let identity = text[start.upperBound...].prefix { $0 != ">" }
    guard let name = Self.attribute("Name", of: identity), let version = Self.attribute("Version", of: identity)
    else { return nil }
    self.name = name
    self.version = version
    architecture = Self.attribute("ProcessorArchitecture", of: identity) ?? "neutral"
    resource = Self.attribute("ResourceId", of: identity) ?? ""
    let properties = text.range(of: "<Properties>").map { text[$0.upperBound...] } ?? ""
    displayName = Self.element("DisplayName", of: properties)
    publisher = Self.element("PublisherDisplayName", of: properties)
    isResource = Self.element("ResourcePackage", of: properties)?.lowercased() == "true"
  }

  private static func withoutComments(_ text: String) -> Substring {
    var rest = text[...]
    var kept = ""
    while let start = rest.range(of: "<!--") {
      kept += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].range(of: "-->") else { return kept[...] }
      rest = rest[end.upperBound...]
    }
    return (kept + rest)[...]
  }

  /// The value of an attribute, which follows white space.
  private static func attribute(_ name: String, of element: Substring) -> String? {
    for quote in ["\"", "'"] {
      for space in [" ", "\t", "\n", "\r\n"] {
        guard let start = element.range(of: "\(space)\(name)=\(quote)") else { continue }
        return line(element[start.upperBound...].prefix { String($0) != quote })
      }
    }
    return nil
  }

  /// The text of the first such element; nil where it is kept in the package's resources.
  private static func element(_ name: String, of text: Substring) -> String? {
    guard let start = text.range(of: "<\(name)>") else { return nil }
    let content = text[start.upperBound...].prefix { $0 != "<" }
    return content.lowercased().hasPrefix("ms-resource:") ? nil : line(content)
  }

  private static func line(_ text: Substring) -> String? {
    let names = ["&lt;": "<", "&gt;": ">", "&quot;": "\"", "&apos;": "'"]
    let unescaped = names.reduce(String(text.prefix(4096))) { $0.replacing($1.key, with: $1.value) }
    return DeclaredText.line(unescaped.replacing("&amp;", with: "&"))
  }
}
