/// The logical volumes of an image as lvm(8) in the appliance reports them.
package struct LogicalVolumes: Sendable, Equatable {
  /// A volume group. Where all of its parts are in use only its logical volumes tell of it.
  package struct Group: Sendable, Equatable {
    package var name: String
    /// How many of its physical volumes are not on this disk.
    package var missing: Int
    /// Whether it is handed over to another machine, which hides its volumes.
    package var isExported = false
    package var isEmpty = false
  }

  /// Those that a system sees; what others are made of, such as pools, is left out.
  package private(set) var volumes: [LogicalVolume] = []
  package private(set) var groups: [Group] = []
  /// Pools of thin volumes that hold something, though lvm knows of no volume in them.
  package private(set) var foreignPools: [String] = []
  /// What is known of physical volumes by their ids; only where one is not in use.
  package private(set) var physical: [String: PhysicalVolume] = [:]
  /// What lvm complained of while it looked for physical volumes.
  package private(set) var complaints: [String] = []
  /// What groups are called by their ids. Of two with one name the second by id gets a number.
  private(set) var names: [String: String] = [:]

  package enum PhysicalVolume: Sendable, Equatable {
    case ofGroup(String)
    case ofNone
  }

  package init() {}

  var areAsleep: Bool { volumes.contains { !$0.isActive } || groups.contains(where: \.isExported) }
}

package struct LogicalVolume: Sendable, Equatable {
  /// As `/dev/GROUP/NAME`.
  package var name: String
  package var group: String
  package var isActive: Bool
  /// lvm's words for how it lies on its group, such as `raid,raid1` or `thin,sparse`.
  package var layout: String
  /// Whether a part of it is not on this disk; it may be whole all the same, as a mirror is.
  package var isPartial: Bool
  /// The name of the volume of which this is a snapshot.
  package var origin: String?
  /// Seconds since 1970.
  package var created: Int64?
  /// Whether a snapshot is being merged into it.
  package var isMerging: Bool

  /// What lvm is asked for.
  static let fields =
    "vg_uuid,vg_name,lv_name,lv_active,lv_attr,lv_layout,lv_role,lv_health_status,origin,pool_lv,lv_time,vg_missing_pv_count"
}

extension LogicalVolumes {
  /// Reads the sections of `GuestScript.devices`: fields between slashes, which are in no name.
  init(_ sections: [Substring: [Substring]], names known: [String: String]) {
    let fields = { (section: Substring, count: Int) in
      (sections[section] ?? []).map {
        $0.drop { $0 == " " }.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      }.filter { $0.count == count }
    }
    let (volumeLines, groupLines) = (fields("L", 12), fields("G", 5))
    nameGroups((groupLines + volumeLines).map { (id: $0[0], name: $0[1]) }, known)
    var missing: [String: Int] = [:]
    for line in volumeLines { missing[line[0]] = Int(line[11]) }
    for line in groupLines {
      missing[line[0]] = Int(line[3])
      groups.append(
        Group(
          name: name(line[0]), missing: Int(line[3]) ?? 0, isExported: line[2] == "exported", isEmpty: line[4] == "0"))
    }
    for id in Set(volumeLines.map { $0[0] }).sorted() where !groupLines.contains(where: { $0[0] == id }) {
      groups.append(Group(name: name(id), missing: missing[id] ?? 0))
    }
    volumes = volumeLines.filter { $0[6].split(separator: ",").contains("public") }.map(volume).sorted {
      $0.name < $1.name
    }
    findForeignPools(volumeLines, sections["S"] ?? [])
    for line in fields("P", 2) { physical[line[0]] = line[1].isEmpty ? .ofNone : .ofGroup(name(line[1])) }
    complaints = (sections["P"] ?? []).filter { $0.contains("WARNING") || $0.contains("rror") }.map { String($0) }
  }

  private func name(_ id: String) -> String { names[Self.compact(id)] ?? id }

  /// Ids are shown with hyphens, and written without.
  private static func compact(_ id: String) -> String { id.filter { $0 != "-" } }

  private mutating func nameGroups(_ found: [(id: String, name: String)], _ known: [String: String]) {
    names = known
    var count: [Substring: Int] = [:]
    for name in known.values { count[name.prefix { $0 != "#" }, default: 0] += 1 }
    var seen = Set(known.keys)
    for (id, name) in found.sorted(by: { $0.id < $1.id }) where seen.insert(Self.compact(id)).inserted {
      let number = count[name[...], default: 0] + 1
      count[name[...]] = number
      names[Self.compact(id)] = number == 1 ? name : "\(name)#\(number)"
    }
  }

  private func volume(_ fields: [String]) -> LogicalVolume {
    let group = name(fields[0])
    let role = fields[6].split(separator: ",")
    // That of a thin volume outside of its pool is older than the volume, and is not changed.
    let isSnapshot = role.contains("thinsnapshot") || role.contains("thicksnapshot")
    return LogicalVolume(
      name: "/dev/\(group)/\(fields[2])", group: group, isActive: fields[3].hasPrefix("active"), layout: fields[5],
      isPartial: fields[7] == "partial",
      origin: isSnapshot && !fields[8].isEmpty ? "/dev/\(group)/\(fields[8])" : nil, created: Int64(fields[10]),
      isMerging: fields[4].hasPrefix("O"))
  }

  /// A pool without volumes is one that a container engine uses by itself, unless nothing was ever written to it.
  private mutating func findForeignPools(_ volumes: [[String]], _ inUse: [Substring]) {
    for pool in volumes where pool[5].split(separator: ",") == ["thin", "pool"] {
      if volumes.contains(where: { $0[0] == pool[0] && $0[9] == pool[2] }) { continue }
      let mapper = [pool[1], pool[2]].map { $0.replacing("-", with: "--") }.joined(separator: "-")
      // Documentation/admin-guide/device-mapper/thin-provisioning.rst: after the name of the target its transaction, then
      // blocks of metadata and of data, those in use and all.
      let status =
        inUse.first { $0.hasPrefix("\(mapper): ") || $0.hasPrefix("\(mapper)-tpool: ") }?.split(separator: " ") ?? []
      if status.count > 6, status[6].hasPrefix("0/") { continue }
      foreignPools.append("/dev/\(name(pool[0]))/\(pool[2])")
    }
  }
}
