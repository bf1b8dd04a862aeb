internal import Fingerprints
internal import Inventory
internal import Signatures

/// A release found by contents, with the files of the inventory that showed it.
struct Described {
  var application: Application
  var records: Set<Int>
}

/// Turns what was gathered into words and numbers.
struct Describer {
  let inventory: Inventory
  let signatures: [Digest: Signature]
  let ownership: Ownership

  /// A release that lies twice in one volume is one application with the files of both.
  func applications(_ gathered: [Gathered]) -> [Described] {
    var results: [Described] = []
    for one in gathered {
      guard let next = describe(one) else { continue }
      let same = results.firstIndex {
        ($0.application.name, $0.application.version, $0.application.volume)
          == (next.application.name, next.application.version, next.application.volume)
      }
      if let same {
        results[same].records.formUnion(next.records)
        // Positions in `sources` hold: the sources of the copy are looked up in those of the first.
        results[same].application.files += refer(next.application, to: &results[same].application.sources)
      } else {
        results.append(next)
      }
    }
    return results
  }

  private func refer(_ copy: Application, to sources: inout [SourceRevision]) -> [FileEvidence] {
    copy.files.map { file in
      var file = file
      file.sources = file.sources.map { position in
        let source = copy.sources[position]
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
      }
      return file
    }
  }

  private func describe(_ gathered: Gathered) -> Described? {
    let found = gathered.installation
    guard let signature = signatures[found.build] else { return nil }
    let counts = count(found, signature)
    let (files, sources) = evidence(found, signature)
    let missing = found.needed - found.neededFound
    var conflicts = Set(found.sightings.compactMap(\.judgement.conflict)).sorted()
    if missing > 0 {
      conflicts.append("\(missing) of \(found.needed) files that it needs are not there as it has them")
    }
    if let (release, files) = gathered.mixedWith {
      conflicts.append("\(files) more of its files \(files == 1 ? "is" : "are") of release \(release)")
    }
    return Described(
      application: Application(
        name: signature.application, version: signature.release, kind: "release", volume: found.volume,
        origin: .inferred, match: quality(found, missing), confidence: confidence(found, found.sightings),
        alternatives: gathered.alternatives, builds: gathered.builds, claims: claims(found), conflicts: conflicts,
        artifacts: counts, files: files, sources: sources),
      records: Set(found.sightings.map(\.record)))
  }

  private func quality(_ found: Installation, _ missing: Int) -> MatchQuality {
    let changed = found.sightings.filter { $0.level != .sameFile }
    if missing > 0 { return .modified }
    if changed.isEmpty { return .exact }
    return changed.allSatisfy(\.judgement.isRebuilt) ? .rebuilt : .modified
  }

  private func confidence(_ found: Installation, _ sightings: [Sighting]) -> Double {
    let bits = sightings.reduce(0) { $0 + $1.bits }
    let trusted = sightings.reduce(0) { $0 + $1.bits * Confidence.trust($1.level) }
    return Confidence.of(bits: bits, coverage: found.coverage, level: bits > 0 ? trusted / bits : 0)
  }

  /// One claim for each rule that speaks, by its own files alone.
  private func claims(_ found: Installation) -> [Claim] {
    Dictionary(grouping: found.sightings, by: \.rule).sorted { $0.key < $1.key }.map { rule, sightings in
      Claim(
        origin: .inferred, confidence: confidence(found, sightings), rule: rules[rule].name,
        ruleVersion: rules[rule].version)
    }
  }

  private func count(_ found: Installation, _ signature: Signature) -> ArtifactCounts {
    var counts = ArtifactCounts(
      expected: signature.artifacts.count, found: found.sightings.count,
      modified: found.sightings.count { $0.level != .sameFile })
    let recognised = Set(found.sightings.map(\.artifact))
    for (position, artifact) in signature.artifacts.enumerated() where !recognised.contains(position) {
      let record = found.place?.path(of: artifact).flatMap { ownership.record($0, volume: found.volume) }
      if let record, isOther(inventory.files[record], artifact) { counts.modified += 1 } else { counts.missing += 1 }
    }
    return counts
  }

  /// Whether a file at an artifact's place is known to have other bytes.
  private func isOther(_ file: FileRecord, _ artifact: Artifact) -> Bool {
    file.kind == .regular && (file.size != artifact.size || file.digests.map { $0.sha256 != artifact.sha256 } == true)
  }

  private func evidence(_ found: Installation, _ signature: Signature) -> ([FileEvidence], [SourceRevision]) {
    var positions: [SourceRevision: Int] = [:]
    var sources: [SourceRevision] = []
    for source in found.sightings.flatMap({ signature.artifacts[$0.artifact].sources })
    where positions[source] == nil {
      positions[source] = sources.count
      sources.append(source)
    }
    let files = found.sightings.map { sighting in
      let (record, artifact) = (inventory.files[sighting.record], signature.artifacts[sighting.artifact])
      return FileEvidence(
        volume: record.volume, path: record.path, artifact: artifact.path, level: sighting.level,
        weight: sighting.bits, sources: artifact.sources.compactMap { positions[$0] })
    }
    return (files, sources)
  }
}
