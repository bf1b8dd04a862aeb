internal import Fingerprints
internal import Inventory

/// Numbers of the tags that are read (rpm's include/rpm/rpmtag.h).
private enum Tag {
  static let name = 1000, version = 1001, release = 1002, epoch = 1003, vendor = 1011, architecture = 1022
  static let oldFileNames = 1027, fileStates = 1029, fileModes = 1030, fileDigests = 1035, fileFlags = 1037
  static let sourcePackage = 1044, folderIndexes = 1116, baseNames = 1117, folderNames = 1118
  static let versionControl = 5034, fileDigestAlgorithm = 5011
}

extension RPMHeader {
  /// The package that this header describes, without its files; nil where it names none.
  func package(in location: GuestPath) -> Package? {
    guard let name = text(Tag.name), let version = text(Tag.version), let release = text(Tag.release) else {
      return nil
    }
    let epoch = integers(Tag.epoch)?.first.map { "\($0):" } ?? ""
    let source = text(Tag.sourcePackage).flatMap(splitSourcePackage)
    let origin = text(Tag.versionControl).map(splitVersionControl)
    return Package(
      kind: .rpm, name: name, version: "\(epoch)\(version)-\(release)", architecture: text(Tag.architecture),
      sourceName: source?.name, sourceVersion: source?.version, vendor: text(Tag.vendor),
      revision: origin?.revision, repository: origin?.repository, location: location)
  }

  /// What it installed, folders left out; nil where the lists of names, folders and modes do not fit together.
  func files(in system: SystemFiles) -> [PackageFile]? {
    guard let paths = paths() else { return nil }
    let modes = integers(Tag.fileModes) ?? []
    let flags = integers(Tag.fileFlags) ?? []
    let states = integers(Tag.fileStates) ?? []
    let digests = strings(Tag.fileDigests) ?? []
    let algorithm = algorithm(integers(Tag.fileDigestAlgorithm)?.first ?? 1)
    guard [modes, flags].allSatisfy({ $0.count == paths.count }), digests.count <= paths.count else { return nil }
    return paths.indices.compactMap { index in
      // Files that another package replaced, or that were not installed (states 1, 2 and 4), are passed over, as
      // `rpm --verify` does.
      let isFolder = modes[index] & 0o170000 == 0o040000
      let state = index < states.count ? states[index] : 0
      guard !isFolder, ![1, 2, 4].contains(state), let path = GuestPath(declared: paths[index][...]) else { return nil }
      // Flag 64 is %ghost: owned by the package, not shipped by it.
      let isGhost = flags[index] & 64 != 0
      let digest =
        index < digests.count && !isGhost && (32...128).contains(digests[index].count)
        ? [UInt8](hex: String(decoding: digests[index], as: UTF8.self)) : nil
      return PackageFile(
        path: system.located(path), algorithm: digest == nil ? nil : algorithm,
        digest: digest?.hex, isConfiguration: flags[index] & 1 != 0)
    }
  }

  /// Whole paths: base names with the number of their folder, or whole ones in packages of before 1999.
  private func paths() -> [[UInt8]]? {
    guard has(Tag.baseNames) else {
      return has(Tag.oldFileNames) ? strings(Tag.oldFileNames)?.map { Array($0) } : []
    }
    guard let names = strings(Tag.baseNames) else { return nil }
    let folders = strings(Tag.folderNames) ?? []
    let indexes = integers(Tag.folderIndexes) ?? []
    guard indexes.count == names.count else { return nil }
    var paths: [[UInt8]] = []
    // A few long folders and many short names would multiply; honest paths are no longer than their share of the
    // header.
    var room = size * 32
    for (name, index) in zip(names, indexes) {
      guard folders.indices.contains(index) else { return nil }
      let path = Array(folders[index]) + name
      room -= path.count
      guard room >= 0 else { return nil }
      paths.append(path)
    }
    return paths
  }

  /// Numbers of RFC 4880, section 9.4; without the tag it is MD5.
  private func algorithm(_ number: Int) -> PackageFile.Algorithm? {
    [1: .md5, 2: .sha1, 8: .sha256, 9: .sha384, 10: .sha512, 11: .sha224][number]
  }
}

/// `name-version-release.src.rpm`, from the right: a name may hold hyphens, version and release may not.
func splitSourcePackage(_ file: String) -> (name: String, version: String)? {
  guard let suffix = [".src.rpm", ".nosrc.rpm"].first(where: file.hasSuffix) else { return nil }
  let parts = file.dropLast(suffix.count).split(separator: "-", omittingEmptySubsequences: false)
  guard parts.count >= 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
  return (parts.dropLast(2).joined(separator: "-"), parts.suffix(2).joined(separator: "-"))
}

/// What packagers write in `VCS:`, such as `git+https://host/name.git#COMMIT:path`: the commit is taken where it is a
/// whole one.
private func splitVersionControl(_ text: String) -> (repository: String, revision: String?) {
  let parts = text.split(separator: "#", maxSplits: 1)
  guard parts.count == 2, let commit = parts[1].split(separator: ":").first, commit.utf8.count == 40,
    [UInt8](hex: commit) != nil
  else { return (text, nil) }
  return (String(parts[0]), commit.lowercased())
}
