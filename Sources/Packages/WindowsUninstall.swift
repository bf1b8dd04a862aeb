internal import Inventory

/// The programs that were set up, by the keys below `Microsoft\Windows\CurrentVersion\Uninstall` of `view` (all of the
/// machine, its 32-bit view WOW6432Node, or what one person has).
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
