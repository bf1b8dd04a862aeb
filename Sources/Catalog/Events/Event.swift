internal import Foundation

/// Something that was reported, as one JSON object. Fields that no kind knows are kept with it and mean nothing.
struct Event: Decodable, Sendable, Equatable {
  enum Kind: String, Decodable, Sendable, CaseIterable {
    case releaseBuilt = "release-built"
    case applicationInstalled = "application-installed"
    case applicationPatched = "application-patched"
    case applicationRemoved = "application-removed"
    case imageCreated = "image-created"
    case imageMoved = "image-moved"
    case imageDeleted = "image-deleted"
    case vmCreated = "vm-created"
    case vmCloned = "vm-cloned"
    case vmState = "vm-state"
    case vmSettings = "vm-settings"
    case vmMigrated = "vm-migrated"
    case vmDeleted = "vm-deleted"
    case hostAdded = "host-added"
    case hostRebooted = "host-rebooted"
    case hostDecommissioned = "host-decommissioned"
    case action
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case id, kind, at, reporter, application, release, signature, image, path, role, parent, images, vm, name, from,
      state
    case settings, host, group, expected, action, question, vms
  }

  var id: String
  var kind: Kind
  var at: EventTime
  var reporter: String?
  var application, release, signature: String?
  var image, path, role, parent: String?
  var images: [String]?
  var vm, name, from, state: String?
  var settings: [String: Setting?]?
  var host, group: String?
  var expected: Bool?
  var action, question: String?
  var vms: [String]?

  /// The build that `signature` names itself; nil where it is a file that says which.
  var buildID: String? {
    signature.flatMap { name in
      name.utf8.count == 64 && name.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } ? name : nil
    }
  }

  /// The images that a vm is made of.
  var allImages: [String] { (image.map { [$0] } ?? []) + (images ?? []) }
}

/// The value of a setting, as text.
struct Setting: Decodable, Sendable, Equatable {
  var text: String
}

extension Setting {
  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      self.text = text
    } else if let flag = try? value.decode(Bool.self) {
      text = flag ? "true" : "false"
    } else if let number = try? value.decode(Int64.self) {
      text = "\(number)"
    } else {
      text = "\(try value.decode(Double.self))"
    }
  }
}

/// Why an event was not taken.
struct Refusal: Error { var reason: String }

extension Event {
  private static let decoder = JSONDecoder()

  /// One line of JSON Lines.
  static func decode(_ line: Data) throws(Refusal) -> Event {
    if line.isEmpty { throw Refusal(reason: "an empty line, or one of more than 1 MiB") }
    let event = if let plain = Event(plain: [UInt8](line)) { plain } else { try decodeAny(line) }
    try event.check()
    return event
  }

  /// Takes longer, and says what is wrong.
  static func decodeAny(_ line: Data) throws(Refusal) -> Event {
    do {
      return try decoder.decode(Event.self, from: line)
    } catch let error as DecodingError {
      throw Refusal(reason: reason(error))
    } catch {
      throw Refusal(reason: "no JSON object")
    }
  }

  private static func reason(_ error: DecodingError) -> String {
    func field(_ context: DecodingError.Context) -> String { context.codingPath.first?.stringValue ?? "" }
    switch error {
    case .keyNotFound(let key, _): return "no field \"\(key.stringValue)\""
    case .typeMismatch(_, let context) where context.codingPath.isEmpty: return "no JSON object"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "field \"\(field(context))\" is of the wrong type"
    case .dataCorrupted(let context) where field(context) == "kind": return "unknown kind"
    case .dataCorrupted(let context) where field(context) == "at": return "field \"at\" is no ISO 8601 time"
    default: return "no JSON object"
    }
  }

  private func check() throws(Refusal) {
    var needed: [(String, Bool)] = [("id", !id.isEmpty)]
    func has(_ text: String?) -> Bool { text?.isEmpty == false }
    let onVM: [(String, Bool)] = [("vm", has(vm))]
    let onImage: [(String, Bool)] = [("image", has(image))]
    switch kind {
    case .releaseBuilt: needed += [("application", has(application)), ("release", has(release))]
    case .applicationInstalled, .applicationPatched:
      needed += [
        ("image\" or \"vm", has(image) || has(vm)), ("application", has(application)), ("release", has(release)),
      ]
    case .applicationRemoved: needed += [("image\" or \"vm", has(image) || has(vm)), ("application", has(application))]
    case .imageCreated, .imageDeleted: needed += onImage
    case .imageMoved: needed += onImage + [("path", has(path))]
    case .vmCreated, .vmDeleted: needed += onVM
    case .vmCloned: needed += onVM + [("from", has(from))]
    case .vmState: needed += onVM + [("state", has(state))]
    case .vmSettings: needed += onVM + [("settings", settings != nil)]
    case .vmMigrated: needed += onVM + [("host", has(host))]
    case .hostAdded, .hostDecommissioned: needed += [("host", has(host))]
    case .hostRebooted: needed += [("host", has(host)), ("expected", expected != nil)]
    case .action: needed += [("action", has(action)), ("vms", vms != nil)]
    }
    if let missing = needed.first(where: { !$0.1 }) { throw Refusal(reason: "no field \"\(missing.0)\"") }
    let names = [id, application, release, image, path, parent, vm, name, from, host, group].compactMap { $0 }
    if (names + allImages + (vms ?? [])).contains(where: { $0.utf8.contains(0) }) {
      throw Refusal(reason: "a name with a NUL in it")
    }
    if allImages.contains("") || vms?.contains("") == true { throw Refusal(reason: "an empty name") }
    if let role, ImageRole(rawValue: role) == nil {
      throw Refusal(reason: "field \"role\" is golden, deployed or unknown")
    }
    if kind == .vmCloned, vmKey(vm) == vmKey(from) { throw Refusal(reason: "a vm that is its own parent") }
    if kind == .imageCreated, image == parent { throw Refusal(reason: "an image that is its own parent") }
  }
}

/// A vm is named by its UUID, however that is written.
func vmKey(_ name: String?) -> String? {
  // Most are written as they are kept.
  guard let name, name.utf8.contains(where: { (0x41...0x46).contains($0) }) else { return name }
  return UUID(uuidString: name)?.uuidString.lowercased() ?? name
}
