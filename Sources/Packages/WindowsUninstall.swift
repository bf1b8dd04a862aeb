internal import Inventory

/// The programs that were set up, in each view of the registry: that of 64-bit programs, and those of 32-bit ones on
/// processors of Intel (`WOW6432Node`) and ARM (`WowAA32Node`).
func views(_ hive: Hive, below start: String, at path: GuestPath, _ paths: WindowsFiles) -> [Package] {
  ["", "WOW6432Node", "WowAA32Node"].flatMap { view in
    uninstallEntries(hive, at: path, hive.key(start + view), paths)
  }
}

/// The programs that were set up, by the keys below `Microsoft\Windows\CurrentVersion\Uninstall` of `view` (all of the
/// machine, one of its 32-bit views, or what one account has).
///
/// A key without a DisplayName is no program. One with SystemComponent is only hidden from the list that people see; it is
/// installed, and so it is kept. The files are those below its InstallLocation: the registry names no single file.
func uninstallEntries(_ hive: Hive, at path: GuestPath, _ view: Hive.Key?, _ paths: WindowsFiles) -> [Package] {
  guard let view, let list = hive.key("Microsoft\\Windows\\CurrentVersion\\Uninstall", below: view) else { return [] }
  return hive.children(of: list).compactMap { _, key in
    let values = hive.values(of: key)
    guard let name = DeclaredText.line(values["displayname"]?.string) else { return nil }
    let folder = values["installlocation"]?.string.flatMap(paths.folder)
    return Package(
      kind: .windows, name: name, version: DeclaredText.line(values["displayversion"]?.string) ?? "",
      vendor: DeclaredText.line(values["publisher"]?.string), location: path,
      files: folder.map(paths.below)?.map { PackageFile(path: $0) } ?? [])
  }
}

/// Where accounts have their profiles, as the registry writes it: the values ProfileImagePath below
/// `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`.
func profileList(_ hive: Hive) -> [String] {
  guard let list = hive.key("Microsoft\\Windows NT\\CurrentVersion\\ProfileList") else { return [] }
  return hive.children(of: list).compactMap { _, key in
    hive.values(of: key)["profileimagepath"]?.string.flatMap { DeclaredText.line($0, limit: 1024) }
  }
}
