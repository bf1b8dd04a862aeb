internal import Fingerprints
internal import Foundation
package import Inventory
package import Signatures

/// All conclusions about one image: what it declares, what its contents show, and where both say the same. The result
/// depends on nothing else, and not on the order of files, packages or hits.
package func infer(_ inventory: Inventory, _ matches: MatchSet) -> Findings {
  let purposes = Purposes(matches.builds)
  let sightings = Sightings(inventory, matches, purposes)
  let ownership = Ownership(inventory)
  let rarity = Rarity(matches: matches)
  let assembler = Assembler(
    sightings: sightings, signatures: matches.builds, purposes: purposes,
    expectations: sightings.byBuild.keys.reduce(into: [:]) { $0[$1] = Expectation(of: purposes[$1]) },
    isDistinctive: { build, sighting in
      guard let signature = matches.builds[build],
        rarity.isDistinctive(signature.artifacts[sighting.artifact], purposes[build, sighting.artifact])
      else { return false }
      // A file that the package database accounts for is there for a reason already.
      guard ownership.accounts(for: sighting.record), let owner = ownership.owner[sighting.record] else { return true }
      let package = inventory.packages[owner]
      // What a binary says of itself lists no files.
      return package.files.isEmpty || names(of: package).contains(signature.application.lowercased())
    })
  var gather = Gather(assembler)
  let describer = Describer(inventory: inventory, signatures: matches.builds, ownership: ownership)
  let contents = describer.applications(gather.run())
  let applications = join(contents, inventory, ownership)
  let explained = explainedFiles(inventory, contents, ownership)
  return Findings(
    applications: applications.sorted(by: precedes), explained: explained.explained, unexplained: explained.unexplained)
}

/// What the scan came to once it is known what is inside. A scan that found neither an operating system nor an application
/// is `data` where every volume was read and none holds a part of a system. Otherwise it is `unrecognised`, so that an
/// empty result never looks like success.
package func status(of inventory: Inventory, _ findings: Findings) -> Inventory.Status {
  guard inventory.status == .scanned, inventory.systems.isEmpty, findings.applications.isEmpty else {
    return inventory.status
  }
  let isData =
    !inventory.volumes.isEmpty && inventory.volumes.allSatisfy { $0.status == .read }
    && !inventory.remarks.contains { Problem.unnamedCodes.contains($0.code) }
  return isData ? .data : .unrecognised
}

/// Lower-case names by which a package may be known.
func names(of package: Package) -> Set<String> {
  Set([package.name, package.sourceName ?? package.name].map { $0.lowercased() })
}

/// Releases first, then by kind, name and version.
private func precedes(_ left: Application, _ right: Application) -> Bool {
  func key(_ one: Application) -> [String] {
    [one.kind == "release" ? "" : one.kind, one.name, one.version, one.volume, one.package?.architecture ?? ""]
  }
  let (a, b) = (key(left), key(right))
  if a != b { return a.lexicographicallyPrecedes(b) }
  return left.package?.location ?? "" < right.package?.location ?? ""
}

/// Regular files, hard links once, of which one name at least is accounted for; and the others that could be read.
private func explainedFiles(
  _ inventory: Inventory, _ contents: [Described], _ ownership: Ownership
) -> (explained: Int, unexplained: Int) {
  let seen = Set(contents.flatMap(\.records))
  var shared: [String: Bool] = [:]
  var result = (explained: 0, unexplained: 0)
  for record in inventory.files.indices where !inventory.files.isUnreadable(record) {
    let file = inventory.files.entry(record)
    if file.kind != .regular { continue }
    let known = seen.contains(record) || ownership.accounts(for: record)
    if file.links > 1, file.inode != 0 {
      shared["\(file.inode) \(file.volume)", default: false] = shared["\(file.inode) \(file.volume)"] == true || known
    } else if known {
      result.explained += 1
    } else {
      result.unexplained += 1
    }
  }
  result.explained += shared.values.count { $0 }
  result.unexplained += shared.values.count { !$0 }
  return result
}
