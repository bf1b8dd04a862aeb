package import Fingerprints
package import Foundation
package import Inventory

/// Reads one kind of declaration. Two steps, because reading one file at a time out of an appliance is slow: first every
/// reader says what it wants of the file list, then all of it is read at once, then each reader gets what it asked for.
package protocol PackageReader: Sendable {
  /// A short word for messages, such as `dpkg`.
  var name: String { get }

  /// Whether this regular file is wanted; `path` is from the root of the system. Called for every file: must be cheap.
  func wants(_ path: GuestPath, size: UInt64) -> Bool

  /// Where systems keep what this reader wants, for a scan that looks nowhere else: paths from the root of the system, whose
  /// names may be patterns of fnmatch(3). None where it may be anywhere.
  var places: [String] { get }

  /// Whether this file, one that is wanted, may record the files of packages by their MD5.
  func recordsMD5(_ path: GuestPath) -> Bool

  /// Reads what it asked for. Never throws for bad bytes: what is broken is a problem in the result, the rest is kept.
  func read(_ files: SystemFiles) -> PackageReading

  /// Says which of the files that it wants could not be had, and why.
  func missing(_ unread: [GuestPath: String]) -> PackageReading
}

extension PackageReader {
  package var places: [String] { [] }
  package func recordsMD5(_ path: GuestPath) -> Bool { false }

  package func missing(_ unread: [GuestPath: String]) -> PackageReading {
    PackageReading(
      problems: unread.sorted { $0.key < $1.key }.map { .unreadDatabase($0, "\($1); what it declares is not listed") })
  }

  /// What it read, with what it could not.
  package func everything(_ files: SystemFiles) -> PackageReading {
    var reading = read(files)
    let unread = files.unread.filter { wants($0.key, size: 0) }
    if !unread.isEmpty {
      let missing = missing(unread)
      reading.problems = missing.problems + reading.problems
      reading.remarks = missing.remarks + reading.remarks
    }
    return reading
  }
}

/// The file list of one system, and the contents of the files that a reader asked for.
package struct SystemFiles: Sendable {
  /// Contents by path from the root of the system; a file that could not be read is absent.
  package var contents: [GuestPath: Data]
  /// Why each wanted file that is absent was not read.
  package var unread: [GuestPath: String]
  /// All regular files of the system.
  package var list: Set<GuestPath>
  /// What the executables say of themselves, by path; filled in after the binaries were read.
  package var fingerprints: [GuestPath: Fingerprint]

  package init(
    contents: [GuestPath: Data] = [:], unread: [GuestPath: String] = [:], list: Set<GuestPath> = [],
    fingerprints: [GuestPath: Fingerprint] = [:]
  ) {
    self.contents = contents
    self.unread = unread
    self.list = list
    self.fingerprints = fingerprints
  }
}

/// What one reader found.
package struct PackageReading: Sendable {
  package var system: OperatingSystem?
  package var packages: [Package]
  /// What could not be read: it makes the image partial.
  package var problems: [Problem]
  /// What was seen and not understood, or left out: it is said, and changes no status.
  package var remarks: [Problem]

  package init(
    system: OperatingSystem? = nil, packages: [Package] = [], problems: [Problem] = [], remarks: [Problem] = []
  ) {
    self.system = system
    self.packages = packages
    self.problems = problems
    self.remarks = remarks
  }
}
