internal import Fingerprints
internal import Foundation
package import Inventory

/// What a Windows says of itself in its registry: which it is, what was set up, which services and drivers it starts.
///
/// The registry's trees are kept in hives: `SOFTWARE` and `SYSTEM` below `Windows\System32\config`, and one `NTUSER.DAT`
/// for each person. Windows ignores case in paths, so names are compared in small letters.
package struct WindowsReader: PackageReader {
  package let name = "windows"

  package let places =
    ["Windows", "WinNT"].flatMap { ["\($0)/System32/config/SOFTWARE", "\($0)/System32/config/SYSTEM"] }
    + ["Users", "Documents and Settings"].map { $0 + "/*/NTUSER.DAT" }

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool {
    size <= UInt64(Hive.sizeLimit) && Source(path) != nil
  }

  package func read(_ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    let hives = files.sorted { Source($0) != nil }
    guard !hives.isEmpty else { return reading }
    let paths = WindowsFiles(files.list)
    var folders = Set<GuestPath>()
    for (path, _) in hives where Source(path) != .person {
      let folder = path.parent.parent.parent
      guard folders.insert(folder).inserted else { continue }
      readWindows(hives.filter { $0.path.hasPrefix(folder.lossy + "/") }, folder, paths, &reading)
    }
    for (path, data) in hives where Source(path) == .person {
      open(path, data, &reading) { hive in uninstallEntries(hive, at: path, hive.key("Software"), paths) }
    }
    return reading
  }

  /// The hives of one Windows folder.
  private func readWindows(
    _ hives: [(path: GuestPath, data: Data)], _ folder: GuestPath, _ all: WindowsFiles, _ reading: inout PackageReading
  ) {
    var paths = all
    paths.windows = folder
    var system: OperatingSystem?
    for (path, data) in hives where Source(path) == .software {
      open(path, data, &reading) { hive in
        let identity = hive.key("Microsoft\\Windows NT\\CurrentVersion").map { hive.values(of: $0) } ?? [:]
        system = windowsIdentity(identity)
        paths.drive = identity["systemroot"]?.string?.first.map { $0.lowercased() } ?? paths.drive
        return uninstallEntries(hive, at: path, hive.key(""), paths)
          + uninstallEntries(hive, at: path, hive.key("WOW6432Node"), paths)
      }
    }
    for (path, data) in hives where Source(path) == .system {
      open(path, data, &reading) { hive in
        guard let control = controlSet(hive) else { return [] }
        system?.architecture = architecture(hive, control)
        system?.hostname = hive.key("Control\\ComputerName\\ComputerName", below: control)
          .flatMap { DeclaredText.line(hive.values(of: $0)["computername"]?.string) }
        return services(hive, at: path, control, paths)
      }
    }
    if reading.system == nil { reading.system = system }
  }

  /// Opens, reads, and keeps what went wrong.
  private func open(
    _ path: GuestPath, _ data: Data, _ reading: inout PackageReading, _ body: (Hive) -> [Package]
  ) {
    do {
      let hive = try Hive(data, path: path)
      var seen = Set(reading.packages)
      reading.packages += body(hive).filter { seen.insert($0).inserted }
      reading.problems += hive.problems
    } catch let problem as Problem {
      reading.problems.append(problem)
    } catch {
      reading.problems.append(.malformed(path, "\(error)"))
    }
  }
}

/// Which hive a path is.
private enum Source {
  case software, system, person

  init?(_ path: GuestPath) {
    // Called for every file: the last byte decides for nearly all.
    guard let last = path.bytes.last, "eEmMtT".utf8.contains(last), path.bytes.count < 1024 else { return nil }
    let names = path.lossy.lowercased().split(separator: "/")
    if names.count == 4, names[0] == "windows" || names[0] == "winnt", names[1] == "system32", names[2] == "config" {
      switch names[3] {
      case "software": self = .software
      case "system": self = .system
      default: return nil
      }
    } else if names.count == 3, names[0] == "users" || names[0] == "documents and settings", names[2] == "ntuser.dat" {
      self = .person
    } else {
      return nil
    }
  }
}
