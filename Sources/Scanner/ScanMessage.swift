package import Foundation
package import Inventory

/// What the child tells the parent: one JSON object a line on its standard output.
package enum ScanMessage: Codable, Sendable {
  /// What it is doing, and how far it is in that (0 to 1) where it knows.
  case phase(String, fraction: Double?)
  case image(ImageFacts)
  case volume(Volume)
  case system(OperatingSystem)
  case packages([Package])
  case files([FileRecord])
  /// The end: nothing follows.
  case done(status: Inventory.Status, problem: Problem?, counts: Counts)

  /// One line, with its newline.
  package func line() throws -> Data {
    var data = try JSONEncoder().encode(self)
    data.append(UInt8(ascii: "\n"))
    return data
  }
}

/// Puts an inventory together from a child's messages.
package struct InventoryBuilder: Sendable {
  private var inventory = Inventory(image: ImageFacts(), status: .failed)
  /// Whether the child said that it was done.
  package private(set) var isComplete = false

  package init(image: ImageFacts) { inventory.image = image }

  package mutating func add(_ message: ScanMessage) {
    switch message {
    case .phase: break
    case .image(let facts): inventory.image = facts
    case .volume(let volume): inventory.volumes.append(volume)
    case .system(let system): inventory.systems.append(system)
    case .packages(let packages): inventory.packages += packages
    case .files(let files): inventory.files += files
    case .done(let status, let problem, let counts):
      inventory.status = status
      inventory.problem = problem
      inventory.counts = counts
      isComplete = true
    }
  }

  /// The inventory as it stands; where the child did not finish, a failed one with nothing half-read in it.
  package func finished(otherwise problem: Problem) -> Inventory {
    if isComplete { return inventory }
    return Inventory(image: inventory.image, status: .failed, problem: problem)
  }
}
