internal import Fingerprints
internal import Inventory
internal import Signatures

/// One build as it may lie in one volume: for each artifact the file that is it, as far as there is one.
struct Installation {
  var build: Digest
  var volume: String
  /// Of most of its weight.
  var place: Place?
  /// Sorted by artifact, each artifact once, each file once (but for hard links).
  var sightings: [Sighting] = []
  /// Sum of the match weights.
  var bits = 0.0
  /// Needed artifacts that were found, and that there are.
  var neededFound = 0
  var needed = 0
  /// Whether everything is there that an install could have put there.
  var isWhole = false
  /// Files that point to this application alone.
  var distinctive = 0
  /// Whether one of these is a program.
  var hasProgram = false

  var coverage: Double { needed == 0 ? 0 : Double(neededFound) / Double(needed) }

  /// Which files it explains, and how well: what two versions must have in common not to be told apart.
  var explained: [Int: Double] {
    Dictionary(sightings.map { ($0.file, $0.judgement.strength) }, uniquingKeysWith: max)
  }

  /// Whether the evidence is enough to say that the release is there. 4.5 bits leave out what many share; below 30 % of
  /// its files a greedy cover was measured to be wrong too often; and one file that is neither the whole of a release nor
  /// a program may be a part that another product embeds.
  var isEvident: Bool {
    bits >= 4.5 && needed > 0 && (isWhole || (distinctive >= 2 || hasProgram) && coverage >= 0.3)
  }
}

/// Puts installations together out of the files that nothing has explained yet.
struct Assembler {
  let sightings: Sightings
  let signatures: [Digest: Signature]
  let purposes: Purposes
  let expectations: [Digest: Expectation]
  /// Whether a sighting of this build points to its application alone.
  let isDistinctive: (Digest, Sighting) -> Bool

  /// The best installation of a build in a volume; nil where none of its files is left there.
  ///
  /// A place that repeats artifacts of a better one is another copy of the tree and is left for itself: so that of two
  /// releases side by side neither takes the files that both ship.
  func assemble(_ build: Digest, in volume: String, without taken: [Bool]) -> Installation? {
    guard let expectation = expectations[build] else { return nil }
    var places: [Int: [Sighting]] = [:]
    for sighting in sightings.byBuild[build] ?? [] where !taken[sighting.file] {
      places[sighting.place, default: []].append(sighting)
    }
    let ordered = order(places, volume)
    guard let first = ordered.first, sightings.places[first].volume == volume else { return nil }
    var result = Installation(build: build, volume: volume, place: sightings.places[first])
    var artifacts: Set<Int> = []
    var files: [Int: Int] = [:]
    for place in ordered {
      let group = places[place] ?? []
      let repeated = Set(group.map(\.artifact)).intersection(artifacts).count
      if repeated * 2 >= Set(group.map(\.artifact)).count, repeated > 0 { continue }
      for sighting in best(group) where !artifacts.contains(sighting.artifact) {
        if let record = files[sighting.file], record == sighting.record { continue }
        var counted = sighting
        if files[sighting.file] != nil { counted.bits = 0 }
        files[sighting.file] = sighting.record
        artifacts.insert(sighting.artifact)
        result.sightings.append(counted)
      }
    }
    weigh(&result, artifacts, expectation)
    return result
  }

  private func weigh(_ result: inout Installation, _ artifacts: Set<Int>, _ expectation: Expectation) {
    result.sightings.sort { $0.artifact < $1.artifact }
    result.bits = result.sightings.reduce(0) { $0 + $1.bits }
    result.needed = expectation.needed.count
    result.neededFound = expectation.needed.intersection(artifacts).count
    result.isWhole = !expectation.whole.isEmpty && expectation.whole.isSubset(of: artifacts)
    let telling = result.sightings.filter { isDistinctive(result.build, $0) }
    result.distinctive = Set(telling.map(\.file)).count
    result.hasProgram = telling.contains { sighting in
      signatures[result.build].map { signature in
        purposes[result.build, sighting.artifact].isProgram(signature.artifacts[sighting.artifact])
      } == true
    }
  }

  /// The volume's own places first, the weightiest first.
  private func order(_ groups: [Int: [Sighting]], _ volume: String) -> [Int] {
    let weights = groups.mapValues { group in
      Dictionary(group.map { ($0.artifact, $0.bits) }, uniquingKeysWith: max).sorted { $0.key < $1.key }
        .reduce(0) { $0 + $1.value }
    }
    return groups.keys.sorted { left, right in
      let (a, b) = (sightings.places[left], sightings.places[right])
      if (a.volume == volume) != (b.volume == volume) { return a.volume == volume }
      if let x = weights[left], let y = weights[right], x != y { return x > y }
      if groups[left]?.count != groups[right]?.count { return groups[left]?.count ?? 0 > groups[right]?.count ?? 0 }
      if a.isNamed != b.isNamed { return a.isNamed }
      return (a.volume, a.root, a.prefix) < (b.volume, b.root, b.prefix)
    }
  }

  private func best(_ group: [Sighting]) -> [Sighting] {
    group.sorted {
      ($0.rule, -$0.judgement.strength, $0.artifact, $0.file) < ($1.rule, -$1.judgement.strength, $1.artifact, $1.file)
    }
  }
}
