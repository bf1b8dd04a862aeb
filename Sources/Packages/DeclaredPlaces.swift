internal import Foundation
package import Inventory

/// The places in which systems record what is installed: all that a scan looks at which wants nothing else.
///
/// Volumes are listed before it is known where a system mounts them, so a place also counts below what is often a volume of
/// its own.
package struct DeclaredPlaces: Sendable {
  /// Names, each a pattern of fnmatch(3), from the top; by the first one, and those whose first one is a pattern.
  private var places: [String: [[String]]] = [:]
  private var others: [[String]] = []

  /// The places of all readers, and what tells which volume is a root and where the others are mounted.
  package init() {
    let own = ["etc/fstab", "etc/passwd"]
    let all = (own + packageReaders.flatMap(\.places)).map { $0.split(separator: "/").map(String.init) }
    let bases = [[], ["usr"], ["usr", "local"], ["var"], ["var", "lib"], ["etc"]]
    for base in bases {
      for place in all where place.starts(with: base) && place.count > base.count {
        let place = Array(place.dropFirst(base.count))
        if place[0].contains("*") {
          others.append(place)
        } else {
          places[place[0].lowercased(), default: []].append(place)
        }
      }
    }
  }

  /// Whether this is one of the places, or a folder on the way to one.
  package func admit(_ path: GuestPath) -> Bool {
    let names = path.names
    guard let first = names.first else { return false }
    return [places[first.lowercased()] ?? [], others].joined().contains { place in
      names.count <= place.count && zip(place, names).allSatisfy { fnmatch($0, $1, Self.anyCase) == 0 }
    }
  }

  /// Windows does not tell cases apart. GNU's FNM_CASEFOLD.
  private static let anyCase: Int32 = 1 << 4
}
