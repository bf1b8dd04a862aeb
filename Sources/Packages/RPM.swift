internal import Foundation
package import Inventory

/// Packages of RPM. Its database holds one header a package, in one of three forms: SQLite (Fedora 33, RHEL 9 and
/// later), NDB (SUSE) and Berkeley DB (all before).
package struct RPMReader: PackageReader {
  package let name = "rpm"

  private enum Form { case sqlite, ndb, berkeley }

  /// The last is where rpm-ostree keeps it, with links from the other two.
  private static let databases: [(path: GuestPath, form: Form)] = [
    "usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm",
  ].flatMap {
    [("\($0)/rpmdb.sqlite", .sqlite), ("\($0)/Packages.db", .ndb), ("\($0)/Packages", .berkeley)]
  }.map { (GuestPath($0), $1) }
  private static let wanted = Set(databases.map(\.path) + databases.map { writeAheadLog($0.path) })

  package let places = wanted.map(\.lossy)

  package init() {}

  package func wants(_ path: GuestPath, size: UInt64) -> Bool { Self.wanted.contains(path) && size <= 1 << 30 }

  /// RPM took to SHA-256 with version 4.6, before any but Berkeley's databases.
  package func recordsMD5(_ path: GuestPath) -> Bool { path.name == "Packages" }

  /// Takes the first database that gives packages: where a system changed its form, the older file may still lie there.
  package func read(_ files: SystemFiles) -> PackageReading {
    var problems: [Problem] = []
    for (path, form) in Self.databases {
      guard let data = files.contents[path] else {
        if files.list.contains(path) { problems.append(.unreadDatabase(path, "it is over 1 GiB or could not be read")) }
        continue
      }
      var reading = Self.packages(in: headers(data, form: form, path: path, files: files), at: path, files)
      reading.problems = problems + reading.problems
      if !reading.packages.isEmpty { return reading }
      problems = reading.problems
    }
    return PackageReading(problems: problems)
  }

  private func headers(_ data: Data, form: Form, path: GuestPath, files: SystemFiles) -> RPMBlobs {
    switch form {
    case .sqlite: rpmSQLiteBlobs(data, log: files.contents[Self.writeAheadLog(path)])
    case .ndb: ndbBlobs([UInt8](data))
    case .berkeley: berkeleyDBBlobs([UInt8](data))
    }
  }

  private static func packages(in source: RPMBlobs, at path: GuestPath, _ files: SystemFiles) -> PackageReading {
    var reading = PackageReading()
    var source = source
    for blob in source.blobs {
      guard let header = RPMHeader(blob), var package = header.package(in: path) else {
        source.damage("a header does not hold together")
        continue
      }
      // Imported keys are kept as packages of this name.
      guard package.name != "gpg-pubkey" else { continue }
      if let list = header.files(in: files) {
        package.files = list
      } else {
        source.damage("the file list of \(package.name) does not hold together")
      }
      reading.packages.append(package)
    }
    if let reason = source.reason {
      let count = source.damaged == 1 ? "1 entry" : "\(source.damaged) entries"
      reading.problems = [.damagedDatabase(path, "\(count) could not be read; the first: \(reason)")]
    }
    return reading
  }

  /// What rpm had written last and not yet moved into the database (sqlite.org/wal.html).
  private static func writeAheadLog(_ path: GuestPath) -> GuestPath {
    GuestPath(bytes: path.bytes + Array("-wal".utf8))
  }
}
