internal import Fingerprints
internal import Inventory
internal import Signatures

/// One file of the image that agrees with one artifact of a build, by the strongest rule that applies.
struct Sighting {
  /// Rank of the file among those that were hit; hard links are one file.
  var file: Int
  /// Position in the inventory's `files`: the name under which this artifact was seen.
  var record: Int
  var artifact: Int
  /// Position in `rules`.
  var rule: Int
  var judgement: Judgement
  /// Rarity times strength.
  var bits: Double
  /// Number of its place.
  var place: Int

  var level: MatchLevel { rules[rule].level }
}

/// Where a tree of artifacts lies: a file and an artifact whose paths end alike differ in what comes before.
/// All that one install put under one root has one place.
struct Place: Hashable {
  var volume: String
  /// What precedes the common end of the paths in the image.
  var root: GuestPath
  /// What precedes it in the build.
  var prefix: GuestPath
  /// False for a file with another name than its artifact's: it may lie anywhere.
  var isNamed: Bool

  init(of file: FileRecord, as artifact: Artifact) {
    let slash = UInt8(ascii: "/")
    let (here, there) = (file.path.bytes.split(separator: slash), artifact.path.utf8.split(separator: slash))
    let common = zip(here.reversed(), there.reversed()).prefix { $0.elementsEqual($1) }.count
    volume = file.volume
    isNamed = common > 0
    root = isNamed ? GuestPath(bytes: here.dropLast(common).joined(separator: [slash])) : ""
    prefix = isNamed ? GuestPath(bytes: there.dropLast(common).joined(separator: [slash])) : ""
  }

  /// Where an artifact of the same tree lies in the image; nil where it is of no such tree.
  func path(of artifact: Artifact) -> GuestPath? {
    let path = GuestPath(artifact.path)
    if prefix.bytes.isEmpty { return isNamed ? root.appending(path) : nil }
    guard path.bytes.starts(with: prefix.bytes + [UInt8(ascii: "/")]) else { return nil }
    return root.appending(GuestPath(bytes: path.bytes.dropFirst(prefix.bytes.count + 1)))
  }
}

/// Everything that was seen of the builds that any file agrees with.
struct Sightings {
  private(set) var byBuild: [Digest: [Sighting]] = [:]
  private(set) var places: [Place] = []
  /// How many files were hit, hard links once.
  private(set) var fileCount = 0
  /// For each hit record, its file.
  private(set) var fileOfRecord: [Int: Int] = [:]

  /// Hits that name no regular file, no known build or no artifact of it are passed over.
  init(_ inventory: Inventory, _ matches: MatchSet, _ purposes: Purposes) {
    var agreements: [Pair: Equal] = [:]
    for hit in matches.hits {
      guard inventory.files.indices.contains(hit.file), inventory.files.entry(hit.file).kind == .regular,
        let build = matches.builds[hit.build], build.artifacts.indices.contains(hit.artifact)
      else { continue }
      let pair = Pair(record: hit.file, build: hit.build, artifact: hit.artifact)
      if let mark = hit.mark {
        agreements[pair, default: Equal()].marks.insert(mark)
      } else {
        agreements[pair, default: Equal()].digest = true
      }
    }
    number(Set(agreements.keys.map(\.record)), inventory)
    judge(agreements, Rarity(matches: matches), purposes, inventory)
  }

  /// Files are numbered by volume and path, so that the order of the inventory decides nothing.
  private mutating func number(_ records: Set<Int>, _ inventory: Inventory) {
    let sorted = records.map { (record: $0, file: inventory.files.entry($0)) }
      .sorted { ($0.file.volume, $0.file.path) < ($1.file.volume, $1.file.path) }
    var files: [Inode: Int] = [:]
    for (record, file) in sorted {
      if file.links > 1, file.inode != 0 {
        let known = files[Inode(volume: file.volume, number: file.inode)]
        files[Inode(volume: file.volume, number: file.inode)] = known ?? fileCount
        fileOfRecord[record] = known ?? fileCount
        if known == nil { fileCount += 1 }
      } else {
        fileOfRecord[record] = fileCount
        fileCount += 1
      }
    }
  }

  private mutating func judge(
    _ agreements: [Pair: Equal], _ rarity: Rarity, _ purposes: Purposes, _ inventory: Inventory
  ) {
    var numbers: [Place: Int] = [:]
    for (pair, equal) in agreements {
      guard let signature = rarity.matches.builds[pair.build] else { continue }
      let agreement = Agreement(
        file: inventory.files[pair.record], artifact: signature.artifacts[pair.artifact], sameDigest: equal.digest,
        marks: equal.marks)
      let judged = rules.enumerated().lazy.compactMap { rule, value in value.judge(agreement).map { (rule, $0) } }
      guard let (rule, judgement) = judged.first, let file = fileOfRecord[pair.record] else { continue }
      let place = Place(of: agreement.file, as: agreement.artifact)
      let number = numbers[place] ?? places.count
      if number == places.count {
        numbers[place] = number
        places.append(place)
      }
      byBuild[pair.build, default: []].append(
        Sighting(
          file: file, record: pair.record, artifact: pair.artifact, rule: rule, judgement: judgement,
          bits: rarity.bits(agreement.artifact, purposes[pair.build, pair.artifact]) * judgement.strength,
          place: number))
    }
    for build in byBuild.keys {
      byBuild[build]?.sort { ($0.artifact, $0.file, $0.rule) < ($1.artifact, $1.file, $1.rule) }
    }
  }

  private struct Pair: Hashable {
    var record: Int
    var build: Digest
    var artifact: Int
  }

  /// What a file and an artifact have in common.
  private struct Equal {
    var digest = false
    var marks: Set<Mark> = []
  }

  private struct Inode: Hashable {
    var volume: String
    var number: UInt64
  }
}
