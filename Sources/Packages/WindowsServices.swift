internal import Inventory

/// What Windows starts by itself: the keys below `Services` whose Type says driver (1, 2) or program (0x10, 0x20) and
/// that name a file in ImagePath. They have no version of their own. What one session made of a per-user service (0x80)
/// is left out: the service is there itself.
///
/// A service that shares a process names svchost.exe there, and what it really is in `Parameters\ServiceDll`: both count.
func services(_ hive: Hive, at path: GuestPath, _ controlSet: Hive.Key, _ paths: WindowsFiles) -> [Package] {
  guard let list = hive.key("Services", below: controlSet) else { return [] }
  return hive.children(of: list).compactMap { name, key in
    let values = hive.values(of: key)
    guard let name = DeclaredText.line(name), let type = values["type"]?.dword, type & 0x33 != 0, type & 0x80 == 0,
      let image = values["imagepath"]?.string
    else { return nil }
    let library = hive.key("Parameters", below: key).flatMap { hive.values(of: $0)["servicedll"]?.string }
    let files = [image, library].compactMap { $0.flatMap(paths.program) }
    return Package(
      kind: .service, name: name, version: "", location: path, files: files.map { PackageFile(path: $0) })
  }
}
