internal import Inventory

/// Which file of a Windows a path is, of those that say what is installed. Windows ignores case in paths, so names are
/// compared in small letters.
struct WindowsPlace {
  enum Kind {
    /// Hives of the machine, and of the account SYSTEM (`DEFAULT`).
    case software, system, standard
    /// What one account has: its own hive, and that of its classes.
    case profile, classes
    /// The manifest of an MSIX or AppX package.
    case manifest
  }

  var kind: Kind
  /// Whether it is not the hive but one of its logs.
  var isLog = false

  /// Paths of profiles may be anywhere, but not any number of directories down.
  private static let deepest = 12

  init?(_ path: GuestPath) {
    // Called for every file: the last byte of the name and its first decide for nearly all.
    guard let last = path.bytes.last, "eEmMtTnNgG12lL".utf8.contains(last), path.bytes.count < 1024 else { return nil }
    let slash = UInt8(ascii: "/")
    let start = path.bytes.lastIndex(of: slash).map { $0 + 1 } ?? 0
    guard (6...16).contains(path.bytes.count - start), "sSdDnNuUaA".utf8.contains(path.bytes[start]) else { return nil }
    var name = String(decoding: path.bytes[start...], as: UTF8.self).lowercased()
    if let suffix = HiveLogs.suffixes.first(where: { name.hasSuffix($0) }) {
      name.removeLast(suffix.count)
      isLog = true
    }
    guard let kind = Self.kinds[name], !isLog || kind != .manifest else { return nil }
    let folders = path.names.dropLast().map { $0.lowercased() }
    guard folders.count <= Self.deepest, Self.admits(kind, folders) else { return nil }
    self.kind = kind
  }

  private static let kinds: [String: Kind] = [
    "software": .software, "system": .system, "default": .standard, "ntuser.dat": .profile, "ntuser.man": .profile,
    "usrclass.dat": .classes, "appxmanifest.xml": .manifest,
  ]

  /// Directories from the profile to the hive of the account's classes.
  static let classes = ["appdata", "local", "microsoft", "windows"]

  private static func admits(_ kind: Kind, _ folders: [String]) -> Bool {
    switch kind {
    // Whatever the Windows directory is called: `Windows`, `WINNT`, or what somebody chose.
    case .software, .system, .standard: folders.count == 3 && folders[1...].elementsEqual(["system32", "config"])
    case .profile: folders.count >= 2
    case .classes: folders.count > classes.count && folders.suffix(classes.count).elementsEqual(classes)
    case .manifest:
      folders.count == 3 && folders[..<2].elementsEqual(["program files", "windowsapps"])
        || folders.count == 2 && folders[0] == "windowsapps" || folders.count == 3 && folders[1] == "systemapps"
    }
  }

  /// Where a scan looks that looks nowhere else. Few patterns: each is tried on every name that such a scan meets. A profile
  /// that is elsewhere is said to be missing.
  static let usual: [String] =
    ["*/System32/config/*", "Users/*/AppData/Local/Microsoft/Windows/UsrClass.dat*"]
    + ["Users/*", "Documents and Settings/*", "Profiles/*", "WINNT/Profiles/*", "Windows/ServiceProfiles/*"].map {
      $0 + "/NTUSER.*"
    }
    + ["Program Files/WindowsApps", "WindowsApps", "Windows/SystemApps"].map { $0 + "/*/AppxManifest.xml" }
}
