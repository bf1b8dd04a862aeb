internal import Foundation
internal import Inventory
internal import Packages

/// A file that a package reader asks for by a name that is a link, or that lies beyond one.
struct LinkedFile {
  /// The name that is asked for, from the root of the system.
  var name: GuestPath
  /// Where it really is.
  var place: SystemView.Place
  /// The readers that want it by this name and by no other, by position in `packageReaders`.
  var readers: [Int]
}

/// The links on the ways to the places that package readers name: few, whatever the number of files.
struct PlaceLinks {
  /// A link, and where it leads.
  private(set) var links: [(name: GuestPath, resolution: SystemView.Resolution, rests: [DeclaredPlaces.Place])] = []
  private let view: SystemView
  /// How many names may still be looked at: links may show one folder many times.
  private var budget = ScanLimits.placeNames

  /// What may follow a name.
  private final class Node {
    var children: [String: Node] = [:]
    var isPlace = false
  }

  /// - Parameter matching: whether to look for what the patterns among the places mean, too.
  init(_ view: SystemView, matching: Bool) {
    self.view = view
    // Windows has no such links, and links of its own kind that lead from folders to their older names.
    if view.root.volume.fileSystem == "ntfs" { return }
    let top = Node()
    for place in DeclaredPlaces.records {
      let names = matching ? place : Array(place.prefix { !DeclaredPlaces.isPattern($0) })
      var node = top
      for name in names {
        let next = node.children[name] ?? Node()
        node.children[name] = next
        node = next
      }
      node.isPlace = true
    }
    walk(top, name: "", path: "")
  }

  /// - Parameters:
  ///   - name: as it is asked for.
  ///   - path: where that is.
  private mutating func walk(_ node: Node, name: GuestPath, path: GuestPath) {
    for (pattern, next) in node.children.sorted(by: { $0.key < $1.key }) {
      for child in DeclaredPlaces.isPattern(pattern) ? matches(pattern, in: path) : [pattern] {
        budget -= 1
        if budget < 0 || links.count >= ScanLimits.links { return }
        guard let place = view.place(path.appending(GuestPath(child))) else { continue }
        let asked = name.appending(GuestPath(child))
        if place.file?.kind == .link {
          let resolution = view.resolve(place.path)
          links.append((asked, resolution, rests(of: next)))
          if case .found(let target) = resolution, target.isDirectory { walk(next, name: asked, path: target.path) }
        } else if place.isDirectory {
          walk(next, name: asked, path: place.path)
        }
      }
    }
  }

  private func matches(_ pattern: String, in folder: GuestPath) -> [String] {
    view.names(in: folder).filter { DeclaredPlaces.matches(pattern, $0) }
  }

  /// The names that may follow, as places.
  private func rests(of node: Node) -> [DeclaredPlaces.Place] {
    (node.isPlace ? [[]] : []) + node.children.flatMap { name, next in rests(of: next).map { [name] + $0 } }
  }
}

extension SystemView {
  /// Where the readers get files under another name than their own. One that a reader gets already by its own name, or by
  /// another link, it does not get again: a package database would count twice.
  func linkedFiles() -> (files: [LinkedFile], remarks: [Problem]) {
    var (found, remarks): ([LinkedFile], [Problem]) = ([], [])
    var budget = ScanLimits.linkedFiles
    var given: Set<String> = []
    func offer(_ name: GuestPath, _ place: Place) {
      guard let file = place.file, file.kind == .regular, budget > 0 else { return }
      budget -= 1
      let readers = packageReaders.indices.filter { number in
        let reader = packageReaders[number]
        return reader.wants(name, size: file.size) && !reader.wants(place.path, size: file.size)
          && given.insert("\(number) \(place.volume.volume.id)/\(place.volumePath.bytes)").inserted
      }
      if !readers.isEmpty { found.append(LinkedFile(name: name, place: place, readers: readers)) }
    }
    for (name, resolution, rests) in PlaceLinks(self, matching: false).links {
      switch resolution {
      case .found(let place) where place.isDirectory:
        if isMerged(name, place.path) { continue }
        for position in place.volume.range(below: place.volumePath) where budget > 0 {
          let file = place.volume.files.entry(position)
          let below = file.path.below(place.volumePath)
          offer(
            name.appending(below),
            Place(path: place.path.appending(below), volume: place.volume, volumePath: file.path, file: file))
        }
      case .found(let place): offer(name, place)
      case .missing(let end, _):
        if hides(name, rests) { remarks.append(brokenLink(name, "it leads to /\(end), which is not there")) }
      case .tooManyLinks:
        remarks.append(brokenLink(name, "it is one of more than 40 links that lead to each other"))
      }
    }
    for name: GuestPath in ["etc/os-release", "usr/lib/os-release", "etc/fstab"] {
      guard case .found(let place) = resolve(name), place.isDirectory else { continue }
      remarks.append(
        Problem(
          code: "not-a-file", operation: "identify system", subject: "\(root.volume.id): /\(name)",
          reason: "it is a directory"))
    }
    if budget == 0 { remarks.append(brokenLink("", "its links lead to more than \(ScanLimits.linkedFiles) files")) }
    return (found, remarks)
  }

  /// `bin`, `sbin` and `lib*` that are links to the same below `usr` (file-hierarchy(7)): readers know both names.
  private func isMerged(_ name: GuestPath, _ path: GuestPath) -> Bool {
    guard path.bytes.starts(with: "usr/".utf8) else { return false }
    let folder = name.bytes.starts(with: "usr/".utf8) ? name.below("usr") : name
    return ["bin", "sbin", "lib", "lib32", "lib64", "libx32"].contains(folder)
  }

  /// Whether what lies beyond a link says which system it is, or is a package database. Programs are looked at only for
  /// the processor that they are made for.
  private func hides(_ name: GuestPath, _ rests: [DeclaredPlaces.Place]) -> Bool {
    let firsts = ["etc", "var", "usr/lib/os-release", "usr/lib/sysimage", "usr/share/rpm", "lib/apk", "usr"]
    return firsts.map { GuestPath($0) }.contains { name == $0 || (name.isBelow($0) && $0 != "usr") }
      && !rests.isEmpty
  }

  private func brokenLink(_ name: GuestPath, _ reason: String) -> Problem {
    Problem(
      code: "broken-link", operation: "follow link", subject: "\(root.volume.id): /\(name)", reason: reason)
  }
}

/// Where only the places of records were listed, lists what links among them lead to as well, and puts the systems together
/// anew with that. Each link in a row takes a round.
/// - Throws: where a volume cannot be listed again.
func assembleListed(_ volumes: [ListedVolume], following: Bool) throws -> [SystemView] {
  var views = assembleSystems(volumes)
  if !following { return views }
  var places: [String: DeclaredPlaces] = [:]
  var known: Set<[String]> = []
  let all = DeclaredPlaces()
  for _ in 0..<40 {
    var changed: [ListedVolume] = []
    for view in views {
      for (_, resolution, rests) in PlaceLinks(view, matching: true).links {
        // A directory may be there for other reasons, without what is looked for below it.
        let (end, rest): (GuestPath, [[UInt8]])
        switch resolution {
        case .missing(let missing, let names): (end, rest) = (missing, names)
        case .found(let place) where place.isDirectory: (end, rest) = (place.path, [])
        case .found, .tooManyLinks: continue
        }
        guard known.count < ScanLimits.links, let (volume, start) = view.holder(of: end) else { continue }
        for place in rests {
          let names = (start.bytes.split(separator: UInt8(ascii: "/")).map(Array.init) + rest).map(literal) + place
          let listed = places[volume.volume.id] ?? all
          guard known.insert([volume.volume.id] + names).inserted,
            !listed.admit(GuestPath(names.joined(separator: "/")))
          else { continue }
          places[volume.volume.id, default: all].add(names)
          if !changed.contains(where: { $0 === volume }) { changed.append(volume) }
        }
      }
    }
    if changed.isEmpty { return views }
    for volume in changed {
      volume.relist(try volume.tree.list(places[volume.volume.id]).files)
    }
    views = assembleSystems(volumes)
  }
  return views
}

/// A pattern that means this name alone.
private func literal(_ name: [UInt8]) -> String {
  String(decoding: name, as: UTF8.self).map { "\\*?[]".contains($0) ? "\\\($0)" : String($0) }.joined()
}

extension SystemView {
  /// The volume in which a path would be that is not there, and its path in that volume.
  fileprivate func holder(of path: GuestPath) -> (volume: ListedVolume, path: GuestPath)? {
    let mount = mounts.filter { path.isBelow($0.point) }.max { $0.point.bytes.count < $1.point.bytes.count }
    return mount.map { ($0.volume, $0.base.appending(path.below($0.point))) }
  }

  /// Which system it is by the few files that say so.
  func identity() -> OperatingSystem? {
    let reader = OSIdentityReader()
    let texts = reader.texts.compactMap { name in
      regularFile(name).flatMap { place in place.file.map { (name, place.volume, $0) } }
    }.filter { reader.wants($0.0, size: $0.2.size) }
    var files = SystemFiles()
    for volume in mounts.map(\.volume) {
      let own = texts.filter { $0.1 === volume }
      let contents = volume.contents(of: own.map(\.2))
      for (name, _, file) in own { files.contents[name] = contents[file.path] }
    }
    return reader.read(files).system
  }
}
