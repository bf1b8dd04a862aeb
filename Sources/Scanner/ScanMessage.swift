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
  /// The end, where some volume is for the appliance: these can be read without one. Nothing follows.
  case handOver(readable: [String])
  /// The end: nothing follows.
  case done(status: Inventory.Status, problem: Problem?, counts: Counts)

  /// One line, with its newline.
  package func line() throws -> Data {
    var data = try JSONEncoder().encode(self)
    data.append(UInt8(ascii: "\n"))
    return data
  }
}

/// Cuts a child's output into messages, however it arrives.
struct ScanMessageLines {
  /// The start of a line whose end has not come.
  private var rest = Data()
  private let longest: Int

  /// - Parameter longest: bytes of a line; more is no message.
  init(longest: Int = 256 << 20) { self.longest = longest }

  /// The messages that are whole now.
  /// - Throws: `GarbledMessage`.
  mutating func messages(_ data: Data) throws(GarbledMessage) -> [ScanMessage] {
    var messages: [ScanMessage] = []
    var left = data[...]
    while let end = left.firstIndex(of: UInt8(ascii: "\n")) {
      rest.append(left[..<end])
      left = left[(end + 1)...]
      guard let message = try? JSONDecoder().decode(ScanMessage.self, from: rest) else {
        throw GarbledMessage(reason: "its process said what is no message: \(printable(Array(rest.prefix(100))))")
      }
      messages.append(message)
      rest = Data()
    }
    rest.append(left)
    if rest.count > longest { throw GarbledMessage(reason: "its process said a line of more than \(longest) bytes") }
    return messages
  }
}

/// A child's output that is no message.
struct GarbledMessage: Error {
  var reason: String
}

/// Puts an inventory together from a child's messages.
package struct InventoryBuilder: Sendable {
  private var inventory = Inventory(image: ImageFacts(), status: .failed)
  /// Whether the child said that it was done.
  package private(set) var isComplete = false
  /// The volumes that need no appliance, where others do.
  package private(set) var readable: [String]?

  package init(image: ImageFacts) { inventory.image = image }

  package mutating func add(_ message: ScanMessage) {
    switch message {
    case .phase: break
    case .handOver(let volumes): readable = volumes
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
