package import Foundation
package import Inventory

/// How much is read, or to be read.
package struct Amount: Codable, Hashable, Sendable {
  package var files: Int
  package var bytes: UInt64

  package init(files: Int = 0, bytes: UInt64 = 0) {
    self.files = files
    self.bytes = bytes
  }
}

/// What goes on in a scan.
package enum ScanProgress: Codable, Sendable {
  /// What is done from now on.
  case phase(String)
  /// How far reading files is, a few times a second.
  case read(Amount, of: Amount)
}

/// What the child tells the parent on its standard output, each in a frame.
package enum ScanMessage: Codable, Sendable {
  case progress(ScanProgress)
  case image(ImageFacts)
  case volume(Volume)
  case system(OperatingSystem)
  case packages([Package])
  /// What was seen and not understood, or left out.
  case remarks([Problem])
  /// The next files of the inventory; what came of reading them may follow.
  case files(FileList)
  /// What came of reading files that were told of, packed.
  case readings([UInt8])
  /// The end, where some volume is for the appliance: these can be read without one. Nothing follows.
  case handOver(readable: [String])
  /// The end: nothing follows.
  case done(status: Inventory.Status, problem: Problem?, counts: Counts)
}

/// A message on its way: the length of what follows in 4 bytes, little-endian, its form in one, and the message in that
/// form.
private enum FrameForm: UInt8 {
  case json
  case packages
  case files
  case readings
}

extension ScanMessage {
  package func frame() throws -> Data {
    switch self {
    case .files(let files): frame(.files, files.packed(files.indices))
    case .readings(let readings): frame(.readings, readings)
    case .packages(let packages): frame(.packages, pack(packages))
    default: frame(.json, Array(try JSONEncoder().encode(self)))
    }
  }

  private func frame(_ form: FrameForm, _ body: [UInt8]) -> Data {
    let length = UInt32(clamping: body.count + 1)
    return Data((0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [form.rawValue]) + Data(body)
  }

  fileprivate init(form: UInt8, _ body: [UInt8]) throws(GarbledMessage) {
    switch FrameForm(rawValue: form) {
    case .files: self = .files(try garbled { () throws(Garbled) in try FileList(packed: body) })
    case .readings: self = .readings(body)
    case .packages: self = .packages(try garbled { () throws(Garbled) in try unpackPackages(body) })
    case .json:
      guard let message = try? JSONDecoder().decode(ScanMessage.self, from: Data(body)) else {
        throw GarbledMessage(printable(Array(body.prefix(100))))
      }
      self = message
    case nil: throw GarbledMessage("there is no form \(form)")
    }
  }
}

/// A child's output that is no message.
struct GarbledMessage: Error {
  var reason: String

  init(_ detail: String) { reason = "its process said what is no message: \(detail)" }
}

private func garbled<Value>(_ read: () throws(Garbled) -> Value) throws(GarbledMessage) -> Value {
  do { return try read() } catch { throw GarbledMessage(error.reason) }
}

/// Cuts a child's output into messages, however it arrives.
struct ScanMessageFrames {
  /// What has come and is no whole frame yet.
  private var rest: [UInt8] = []
  /// Bytes that came.
  private var total = 0
  private let longest: Int
  private let most: Int

  /// - Parameters:
  ///   - longest: bytes of a frame; more is no message.
  ///   - most: bytes of all frames: twenty times what a million files take.
  init(longest: Int = 256 << 20, most: Int = 2 << 30) { (self.longest, self.most) = (longest, most) }

  /// The messages that are whole now.
  mutating func messages(_ data: Data) throws(GarbledMessage) -> [ScanMessage] {
    rest += data
    total += data.count
    if total > most { throw GarbledMessage("more than \(most) bytes") }
    var messages: [ScanMessage] = []
    var start = 0
    while rest.count - start > 4 {
      let length = (0..<4).reduce(0) { $0 | Int(rest[start + $1]) << (8 * $1) }
      guard length > 0, length <= longest else { throw GarbledMessage("a frame of \(length) bytes") }
      guard rest.count - start >= 4 + length else { break }
      messages.append(try ScanMessage(form: rest[start + 4], Array(rest[start + 5..<start + 4 + length])))
      start += 4 + length
    }
    rest.removeFirst(start)
    return messages
  }
}

/// Puts an inventory together from a child's messages.
package struct InventoryBuilder: Sendable {
  private var inventory = Inventory(image: ImageFacts(), status: .failed)
  /// Whether the child said that it was done.
  package private(set) var isComplete = false
  /// The volumes that need no appliance, where others do.
  package private(set) var readable: [String]?

  package init(image: ImageFacts) { inventory.image = image }

  mutating func add(_ message: ScanMessage) throws(GarbledMessage) {
    switch message {
    case .progress: break
    case .handOver(let volumes): readable = volumes
    case .image(let facts): inventory.image = facts
    case .volume(let volume): inventory.volumes.append(volume)
    case .system(let system): inventory.systems.append(system)
    case .packages(let packages): inventory.packages += packages
    case .remarks(let remarks): inventory.add(remarks)
    case .files(let files):
      try garbled { () throws(Garbled) in try inventory.files.append(contentsOf: files) }
    case .readings(let readings):
      try garbled { () throws(Garbled) in try inventory.files.take(readings: readings) }
    case .done(let status, let problem, let counts):
      // What was told by then is no inventory.
      if status == .failed {
        inventory = Inventory(image: inventory.image, status: .failed, remarks: inventory.remarks)
      }
      inventory.status = status
      inventory.problem = problem
      inventory.counts = counts
      isComplete = true
    }
  }

  /// The inventory as it stands; where the child did not finish, a failed one with nothing half-read in it.
  package func finished(otherwise problem: Problem) -> Inventory {
    if isComplete { return inventory }
    return Inventory(image: inventory.image, status: .failed, problem: problem, remarks: inventory.remarks)
  }
}
