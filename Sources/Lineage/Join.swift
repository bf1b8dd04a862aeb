internal import Fingerprints
internal import Inventory

/// Makes one application of what the image declares and what its contents show, where both speak of the same; says so in
/// words where they contradict each other.
func join(_ contents: [Described], _ inventory: Inventory, _ ownership: Ownership) -> [Application] {
  var declared = inventory.packages.enumerated().map { declare($1, ownership.counts[$0]) }
  var joined: Set<Int> = []
  var rest: [(application: Application, rivals: [Partner])] = []
  for described in contents {
    let partners = partners(of: described, inventory, ownership)
    let fitting = partners.first { partner in
      !joined.contains(partner.package)
        && versions(described.application).contains { agree($0, inventory.packages[partner.package]) }
    }
    if let fitting {
      declared[fitting.package] = merge(described.application, declared[fitting.package])
      joined.insert(fitting.package)
    } else {
      rest.append((described.application, partners))
    }
  }
  for (application, rivals) in rest {
    var application = application
    if let rival = rivals.first(where: { !joined.contains($0.package) }) {
      let package = inventory.packages[rival.package]
      let words =
        "\(package.kind.rawValue) declares \(package.name) \(package.version), the contents "
        + (rival.ownsMost ? "of its files are those of " : "elsewhere show ")
        + "\(application.name) \(application.version)"
      application.conflicts.append(words)
      declared[rival.package].conflicts.append(words)
    }
    declared.append(application)
  }
  return withoutNotes(declared)
}

/// A program's note that names the package that the package database has too is one more claim for that package.
private func withoutNotes(_ applications: [Application]) -> [Application] {
  let systemKinds = [PackageKind.deb, .rpm, .apk, .pacman].map(\.rawValue)
  var places: [[String]: Int] = [:]
  for (place, application) in applications.enumerated() where systemKinds.contains(application.kind) {
    guard let package = application.package else { continue }
    for version in Set([package.version, package.sourceVersion ?? package.version]) {
      for name in names(of: package) {
        let key = [application.volume, name, version]
        // The package of that very name, not another of the same source.
        if places[key] == nil || package.name.lowercased() == name { places[key] = place }
      }
    }
  }
  var kept = applications
  var folded: Set<Int> = []
  for (place, note) in applications.enumerated() where note.kind == PackageKind.note.rawValue {
    guard let package = places[[note.volume, note.name.lowercased(), note.version]] else { continue }
    kept[package].claims += note.claims
    folded.insert(place)
  }
  return kept.enumerated().filter { !folded.contains($0.offset) }.map(\.element)
}

/// A package that may be the application: it has its name, or lists most of its files.
private struct Partner {
  var package: Int
  var ownsMost: Bool
  var rank: Int
}

private func partners(of described: Described, _ inventory: Inventory, _ ownership: Ownership) -> [Partner] {
  let application = described.application
  let name = application.name.lowercased()
  let system = inventory.volumes.first { $0.id == application.volume }?.system ?? application.volume
  let owned = described.records.compactMap { ownership.owner[$0] }.reduce(into: [Int: Int]()) {
    $0[$1, default: 0] += 1
  }
  let partners = inventory.packages.enumerated().compactMap { position, package -> Partner? in
    guard package.volume == system || package.volume == application.volume else { return nil }
    let ownsMost = (owned[position] ?? 0) * 2 > described.records.count
    let exact = package.name.lowercased() == name
    let named = exact || package.sourceName?.lowercased() == name
    guard ownsMost || named else { return nil }
    return Partner(package: position, ownsMost: ownsMost, rank: (ownsMost ? 4 : 0) + (exact ? 2 : named ? 1 : 0))
  }
  return partners.sorted { left, right in
    if left.rank != right.rank { return left.rank > right.rank }
    let (a, b) = (inventory.packages[left.package], inventory.packages[right.package])
    return [a.kind.rawValue, a.name, a.version, a.architecture ?? "", a.location.lossy]
      .lexicographicallyPrecedes([b.kind.rawValue, b.name, b.version, b.architecture ?? "", b.location.lossy])
  }
}

private func versions(_ application: Application) -> [String] { [application.version] + application.alternatives }

/// The package's name, version and kind, the contents' evidence; the database tells versions apart that contents cannot.
private func merge(_ shown: Application, _ declared: Application) -> Application {
  var result = shown
  result.name = declared.name
  result.version = declared.version
  result.kind = declared.kind
  result.origin = max(shown.origin, declared.origin)
  // Of two ways to know the same the better counts; they are not multiplied.
  result.confidence = max(shown.confidence, declared.confidence)
  result.claims = declared.claims + shown.claims
  result.conflicts = declared.conflicts + shown.conflicts
  result.alternatives = []
  result.package = declared.package
  return result
}

private func declare(_ package: Package, _ counts: ArtifactCounts) -> Application {
  let claims = rules.compactMap { rule in
    rule.confidence(in: package).map {
      Claim(origin: .declared, confidence: $0, rule: rule.name, ruleVersion: rule.version)
    }
  }
  return Application(
    name: package.name, version: package.version, kind: package.kind.rawValue, volume: package.volume,
    origin: .declared, confidence: claims.map(\.confidence).max() ?? 0, claims: claims, artifacts: counts,
    package: package)
}

/// Whether a release is the version that a package declares: equal, or equal without what the packager added.
func agree(_ release: String, _ package: Package) -> Bool {
  let written = [package.version, package.sourceVersion ?? package.version]
  return written.contains { one in
    let (left, right) = (upstream(one, package.kind), upstream(release, nil))
    // Windows writes four numbers whatever the makers write.
    let isOfWindows = package.kind == .windows || package.kind == .msix
    return one == release || left == right || isOfWindows && withoutZeros(left) == withoutZeros(right)
  }
}

private func withoutZeros(_ version: String) -> String {
  var text = version[...]
  while text.hasSuffix(".0") { text = text.dropLast(2) }
  return String(text)
}

/// The version of the makers of the software: without epoch, distribution revision, release number, repacking suffix and
/// leading `v` (Debian Policy 5.6.12, RPM's EVR, apk's and pacman's package release).
private func upstream(_ version: String, _ kind: PackageKind?) -> String {
  var text = version[...]
  if kind != nil, let colon = text.firstIndex(of: ":"), text[..<colon].allSatisfy(\.isNumber) {
    text = text[text.index(after: colon)...]
  }
  if let kind, [.deb, .rpm, .apk, .pacman].contains(kind), let dash = text.lastIndex(of: "-") { text = text[..<dash] }
  for suffix in ["+dfsg", "~dfsg", "+ds", "~ds"] where kind == .deb {
    if let range = text.firstRange(of: suffix) { text = text[..<range.lowerBound] }
  }
  if text.first == "v", text.dropFirst().first?.isNumber == true { text = text.dropFirst() }
  return String(text)
}
