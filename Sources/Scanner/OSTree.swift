internal import Foundation
internal import Inventory
internal import Packages

/// The system of a volume that OSTree keeps (ostree.readthedocs.io, "Deployments"; bootc has the same):
///
///     ostree/deploy/STATEROOT/deploy/CHECKSUM.SERIAL    the root of one deployment
///     ostree/deploy/STATEROOT/var                       the /var of all its deployments
///     ostree/boot.N/STATEROOT/BOOTCHECKSUM/INDEX        a link to a deployment; boot.N is a link too
///     loader/entries/NAME.conf                          `options … ostree=/ostree/boot.N/…`; on the boot volume or in boot/
///
/// The deployment that is booted is the system, the others are its states. Nil where the volume has none.
func ostreeSystem(on volume: ListedVolume, _ volumes: [ListedVolume]) -> SystemView? {
  let deployments = deployments(of: volume)
  if deployments.isEmpty { return nil }
  let entries = bootEntries(volume, volumes)
  var remarks: [Problem] = []
  let booted = chosen(deployments, entries, volume, &remarks)
  var view = SystemView(volume, base: booted)
  view.remarks = remarks
  let stateRoot = booted.parent.parent
  view.mounts.append(.init(point: "var", volume: volume, base: stateRoot.appending("var")))
  view.mounts.append(.init(point: "sysroot", volume: volume, repeats: true))
  if let boot = entries.first?.volume, boot !== volume {
    view.mounts.append(.init(point: "boot", volume: boot))
  } else if volume.entry("boot")?.kind == .directory {
    view.mounts.append(.init(point: "boot", volume: volume, base: "boot"))
  }
  if !volume.range(below: booted.appending("usr")).contains(where: { volume.files.entry($0).kind == .regular }) {
    view.remarks.append(
      Problem(
        code: "not-understood", operation: "assemble system", subject: "\(volume.volume.id): /\(booted)",
        reason: "this deployment has no files of its own: composefs images are not read"))
  }
  if looksLikeRoot(volume) {
    view.remarks.append(
      Problem(
        code: "left-out", operation: "assemble system", subject: volume.volume.id,
        reason: "beside its deployments it holds files of another system, which is not the one booted"))
  }
  addStates(deployments.filter { $0 != booted }, to: &view)
  return view
}

private func addStates(_ deployments: [GuestPath], to view: inout SystemView) {
  let volume = view.root
  for deployment in deployments {
    view.states.append(
      SystemState(
        volume: volume.volume.id, kind: .deployment,
        version: SystemView(volume, base: deployment).identity()?.version,
        created: volume.entry(deployment).map(\.modified).flatMap { $0 > 0 ? $0 : nil }))
  }
  view.stateFolders = deployments
}

/// Folders as OSTree names them: a checksum of 64 digits and a number.
private func deployments(of volume: ListedVolume) -> [GuestPath] {
  let top = GuestPath("ostree/deploy")
  var found: [GuestPath] = []
  for stateRoot in volume.names(in: top).prefix(64) {
    let folder = top.appending(GuestPath(bytes: stateRoot)).appending("deploy")
    for name in volume.names(in: folder) where found.count < ScanLimits.deployments {
      let path = folder.appending(GuestPath(bytes: name))
      if path.name.wholeMatch(of: /[0-9a-f]{64}\.[0-9]{1,9}/) != nil, volume.entry(path)?.kind == .directory {
        found.append(path)
      }
    }
  }
  return found
}

/// The deployment that a boot loader starts; where none says it, the newest one.
private func chosen(
  _ deployments: [GuestPath], _ entries: [BootEntry], _ volume: ListedVolume, _ remarks: inout [Problem]
) -> GuestPath {
  func remark(_ code: String, _ subject: String, _ reason: String) {
    remarks.append(
      Problem(code: code, operation: "find the booted deployment", subject: subject, reason: reason))
  }
  for entry in entries {
    guard let path = entry.ostree else { continue }
    if case .found(let place) = SystemView(volume).resolve(GuestPath(path)), deployments.contains(place.path) {
      return place.path
    }
    remark(
      "boot-entry", "\(entry.volume.volume.id): /\(entry.path)", "it names \(printable(path)), which is no deployment")
  }
  let newest = deployments.max { left, right in
    (volume.entry(left)?.modified ?? 0, left) < (volume.entry(right)?.modified ?? 0, right)
  }
  if deployments.count > 1 {
    remark(
      "assumed-deployment", volume.volume.id,
      "no entry of a boot loader names one of its \(deployments.count) deployments: the newest is taken for the system")
  }
  return newest ?? deployments[0]
}

/// An entry of the Boot Loader Specification (UAPI group, 2).
private struct BootEntry {
  var volume: ListedVolume
  var path: GuestPath
  var version: String?
  /// The kernel argument that names a deployment.
  var ostree: String?
}

/// Those of the volume itself and of all others, the one first that is started: of the highest version, which OSTree counts
/// up for each deployment.
private func bootEntries(_ root: ListedVolume, _ volumes: [ListedVolume]) -> [BootEntry] {
  var entries: [BootEntry] = []
  for (volume, folder) in [(root, GuestPath("boot/loader/entries"))] + volumes.map({ ($0, "loader/entries") }) {
    let view = SystemView(volume)
    for name in view.names(in: folder).sorted().filter({ $0.hasSuffix(".conf") }) {
      if entries.count >= ScanLimits.deployments { break }
      let path = folder.appending(GuestPath(name))
      guard let data = view.contents(of: path, atMost: 64 << 10) else { continue }
      var entry = BootEntry(volume: volume, path: path)
      for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
        let words = line.split(whereSeparator: \.isWhitespace)
        if words.first == "version" { entry.version = words.dropFirst().first.map(String.init) }
        if words.first == "options", let word = words.last(where: { $0.hasPrefix("ostree=") }) {
          entry.ostree = String(word.dropFirst("ostree=".count))
        }
      }
      entries.append(entry)
    }
  }
  return entries.enumerated().sorted { left, right in
    let (a, b) = (left.element, right.element)
    if isOlder(a.version, b.version) != isOlder(b.version, a.version) { return isOlder(b.version, a.version) }
    return left.offset > right.offset
  }.map(\.element)
}
