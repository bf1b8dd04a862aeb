internal import Foundation
package import Inventory

/// What a Windows says of itself in its registry: which it is, what was set up, which services and drivers it starts.
///
/// The registry's trees are kept in hives: `SOFTWARE`, `SYSTEM` and `DEFAULT` (the account SYSTEM) below
/// `Windows\System32\config`, one `NTUSER.DAT` and one `UsrClass.dat` for each account, and beside each hive its logs.
package struct WindowsReader: PackageReader {
  package let name = "windows"
  package let places = WindowsPlace.usual

  /// Bytes; manifests of packages have some KiB.
  private static let manifestLimit: UInt64 = 1 << 20

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    guard size <= UInt64(Hive.sizeLimit), let place = WindowsPlace(path) else { return false }
    return place.kind != .manifest || size <= Self.manifestLimit
  }

  /// `read` says which hives it misses: logs of a hive that was written to its end are not missed.
  package func missing(_ unread: [GuestPath: String]) -> PackageReading { PackageReading() }

  package func read(_ files: SystemFiles) -> PackageReading {
    guard files.contents.keys.contains(where: { WindowsPlace($0) != nil }) else { return PackageReading() }
    var registry = WindowsRegistry(files)
    registry.readSystems()
    registry.readProfiles()
    registry.readApps()
    return registry.reading
  }
}

/// The hives of one system, and what was read of them. One that is broken hides no other.
struct WindowsRegistry {
  /// Windows directories on one volume; nobody has more.
  private static let most = 16

  private(set) var reading = PackageReading()
  private let files: SystemFiles
  private var paths: WindowsFiles
  private var hives: [(path: GuestPath, kind: WindowsPlace.Kind)] = []
  /// Logs by their paths in small letters.
  private var logs: [String: GuestPath] = [:]
  /// The Windows directories of this volume, and the same in small letters.
  private let folders: [GuestPath]
  private let roots: Set<String>
  private let earlier: [GuestPath]
  /// Directories in which the hive of an account is, in small letters.
  private var profilesThere: Set<String> = []
  /// Directories of profiles in small letters, as the registry names them.
  private var profiles: Set<String> = []
  private var apps = AppxList()

  init(_ files: SystemFiles) {
    self.files = files
    paths = WindowsFiles(files.list)
    var (found, earlier): ([GuestPath], [GuestPath]) = ([], [])
    for path in files.list {
      if WindowsPlace(path) != nil { found.append(path) }
      if Self.isEarlier(path) { earlier.append(path.parent.parent.parent) }
    }
    found += files.contents.keys.filter { WindowsPlace($0) != nil && !files.list.contains($0) }
    self.earlier = earlier.sorted()
    for path in found.sorted() {
      guard let place = WindowsPlace(path) else { continue }
      let key = path.lossy.lowercased()
      if place.isLog {
        logs[key] = logs[key] ?? path
      } else {
        hives.append((path, place.kind))
        if place.kind == .profile { profilesThere.insert(path.parent.lossy.lowercased()) }
      }
    }
    // `Windows` first, where setup puts it.
    let all = Set(hives.filter { $0.kind == .software || $0.kind == .system }.map { $0.path.parent.parent.parent })
    let rank = { (folder: GuestPath) in ["windows", "winnt"].firstIndex(of: folder.lossy.lowercased()) ?? 2 }
    folders = all.sorted { (rank($0), $0) < (rank($1), $1) }
    roots = Set(folders.map { $0.lossy.lowercased() })
  }

  /// Whether it is the hive of a Windows that is no longer at the top, such as `Windows.old/Windows/System32/config/SOFTWARE`.
  private static func isEarlier(_ path: GuestPath) -> Bool {
    let hive = "/system32/config/software"
    guard let last = path.bytes.last, last | 0x20 == UInt8(ascii: "e"), path.bytes.count > hive.utf8.count,
      path.bytes.count < 1024
    else { return false }
    return path.lossy.lowercased().hasSuffix(hive) && path.names.count == 5
  }

  private func hive(_ kind: WindowsPlace.Kind, of folder: GuestPath) -> GuestPath? {
    hives.first { $0.kind == kind && $0.path.parent.parent.parent == folder }?.path
  }

  mutating func readSystems() {
    var first: WindowsFiles?
    for folder in folders.prefix(Self.most) {
      paths.windows = folder
      paths.drive = "c"
      let problems = reading.problems.count
      guard let system = readSystem(folder) else {
        if problems == reading.problems.count {
          remark("system-part", folder, "its registry does not say which Windows it is")
        }
        continue
      }
      if reading.system == nil {
        (reading.system, first) = (system, paths)
      } else {
        let other = "another Windows is on this volume: \(system.product) \(system.version)"
        remark("other-system", folder, other + "; its programs are listed with those of the first")
      }
    }
    paths = first ?? paths
    for folder in folders.dropFirst(Self.most) {
      remark("other-system", folder, "this volume has more than \(Self.most) Windows directories; this one is left out")
    }
    for folder in earlier {
      remark("earlier-system", folder, "a Windows that was replaced; what was set up in it is left out")
    }
  }

  /// What one Windows directory holds; nil where nothing of its hives could be read.
  private mutating func readSystem(_ folder: GuestPath) -> OperatingSystem? {
    var system: OperatingSystem?
    if let path = hive(.software, of: folder) {
      open(path) { registry, hive in
        let identity = hive.key("Microsoft\\Windows NT\\CurrentVersion").map { hive.values(of: $0) } ?? [:]
        system = windowsIdentity(identity)
        registry.paths.drive = identity["systemroot"]?.string?.first.map { $0.lowercased() } ?? registry.paths.drive
        registry.add(views(hive, below: "", at: path, registry.paths))
        registry.note(profileList(hive), at: path)
        registry.apps.read(software: hive, at: path)
      }
    }
    if let path = hive(.system, of: folder) {
      open(path) { registry, hive in
        guard let (control, substitute) = controlSet(hive) else { return }
        if let substitute { registry.remark("control-set", path, substitute) }
        // Without SOFTWARE it is not known which Windows it is.
        var known =
          system ?? OperatingSystem(family: "windows", distribution: "windows", version: "", product: "Windows")
        known.architecture = architecture(hive, control)
        known.hostname = hostName(hive, control)
        system = known
        registry.add(services(hive, at: path, control, registry.paths))
      }
    }
    if let path = hive(.standard, of: folder) {
      open(path) { registry, hive in registry.add(views(hive, below: "Software\\", at: path, registry.paths)) }
    }
    return system
  }

  /// Remembers the profiles that a registry names, and says which of them are not here.
  private mutating func note(_ profiles: [String], at path: GuestPath) {
    for text in profiles {
      guard let folder = paths.path(text) else {
        let reason = "the profile \(text) is on another drive; its programs are not listed with this system's"
        remark("profile-missing", path, reason)
        continue
      }
      let key = folder.lossy.lowercased()
      self.profiles.insert(key)
      // The account SYSTEM has the hive DEFAULT.
      if !profilesThere.contains(key), !key.hasSuffix("/config/systemprofile") {
        remark("profile-missing", path, "no NTUSER.DAT was found in the profile \(text)")
      }
    }
  }

  mutating func readProfiles() {
    for (path, kind) in hives where kind == .profile || kind == .classes {
      let up = kind == .profile ? 0 : WindowsPlace.classes.count
      let folder = (0..<up).reduce(path.parent) { folder, _ in folder.parent }
      switch account(folder) {
      case .none: continue
      case .unnamed(let reason):
        if kind == .profile { remark("profile-left-out", path, reason) }
        continue
      case .own: break
      }
      open(path) { registry, hive in
        if kind == .profile {
          registry.add(views(hive, below: "Software\\", at: path, registry.paths))
        } else {
          registry.apps.read(classes: hive, at: path)
        }
      }
    }
  }

  private enum Account {
    case own
    /// The template of new accounts, which is nobody's.
    case none
    case unnamed(String)
  }

  /// Whose profile a directory is.
  private func account(_ folder: GuestPath) -> Account {
    if profiles.contains(folder.lossy.lowercased()) { return .own }
    let names = folder.names.map { $0.lowercased() }
    if names.count == 2, ["users", "documents and settings"].contains(names[0]) {
      return ["default", "default user", "all users", "public"].contains(names[1]) ? .none : .own
    }
    if names.count == 3, roots.contains(names[0]), names[1] == "serviceprofiles" { return .own }
    if roots.contains(names[0]), names.suffix(2) == ["config", "systemprofile"] { return .none }
    // A volume beside that of Windows may hold the profiles; which they are is said by a registry that is not here. Another
    // system may keep them for others.
    if roots.isEmpty, names.count == 2, !files.list.contains("etc/passwd") { return .own }
    return .unnamed("the registry names no profile there; what was set up in it is left out")
  }

  mutating func readApps() {
    for (path, kind) in hives where kind == .manifest {
      guard let data = files.contents[path] else { continue }
      if !apps.read(manifest: data, at: path) {
        reading.problems.append(.malformed(path, "it does not name a package and its version"))
      }
    }
    add(apps.packages(paths))
  }

  private mutating func add(_ packages: [Package]) {
    var seen = Set(reading.packages)
    reading.packages += packages.filter { seen.insert($0).inserted }
  }

  private mutating func remark(_ code: String, _ path: GuestPath, _ reason: String) {
    // One more than an inventory keeps, so that it says that there are more.
    if reading.remarks.count > Inventory.mostRemarks { return }
    reading.remarks.append(
      Problem(code: code, operation: "read registry", subject: path.description, reason: printable(reason)))
  }

  /// Opens, reads, and keeps what went wrong.
  private mutating func open(_ path: GuestPath, _ body: (inout WindowsRegistry, Hive) -> Void) {
    guard let data = files.contents[path] else {
      reading.problems.append(
        Problem(
          code: "unreadable", operation: "open registry hive", subject: path.description,
          reason: files.unread[path] ?? "the file could not be read"))
      return
    }
    do {
      let hive = try Hive(data, logs: logs(of: path), path: path)
      body(&self, hive)
      reading.problems += hive.problems
      reading.remarks += hive.remarks
    } catch let problem as Problem {
      reading.problems.append(problem)
    } catch {
      reading.problems.append(.malformed(path, "\(error)"))
    }
  }

  private func logs(of path: GuestPath) -> HiveLogs {
    var found = HiveLogs()
    for suffix in HiveLogs.suffixes {
      guard let log = logs[path.lossy.lowercased() + suffix] else { continue }
      if let data = files.contents[log] {
        found.contents[suffix] = data
      } else {
        found.unreadable.append(log.description)
      }
    }
    return found
  }
}
