/// Something that was reported: one line of what `vmlineage record` takes, checked. A class, since the facts of a history are
/// sorted and passed on, and a copy of all its fields takes long.
package final class Event: Sendable {
  /// What happened, with the fields of its kind. A new kind is a case here, a line in `EventKind.all`, and its payload.
  package enum Body: Sendable, Equatable {
    case releaseBuilt(ReleaseBuilt)
    case applicationInstalled(ApplicationInstalled)
    case applicationPatched(ApplicationPatched)
    case applicationRemoved(ApplicationRemoved)
    case imageCreated(ImageCreated)
    case imageMoved(ImageMoved)
    case imageDeleted(ImageDeleted)
    case vmCreated(VMCreated)
    case vmCloned(VMCloned)
    case vmState(VMState)
    case vmSettings(VMSettings)
    case vmMigrated(VMMigrated)
    case vmDeleted(VMDeleted)
    case hostAdded(HostAdded)
    case hostRebooted(HostRebooted)
    case hostDecommissioned(HostDecommissioned)
    case action(Action)
  }

  package let id: String
  package let kind: EventKind
  package let at: EventTime
  package let reporter: String?
  package let body: Body
  /// The things that its fields name, each with its field.
  package let references: [EventReference]

  init(_ fields: EventFields) throws(Refusal) {
    guard let id = fields.text(.id), !id.isEmpty else { throw Refusal(missing: ["id"]) }
    guard let name = fields.text(.kind) else { throw Refusal(missing: ["kind"]) }
    guard let kind = EventKind.named(name) else { throw Refusal(reason: "unknown kind") }
    guard let time = fields.text(.at) else { throw Refusal(missing: ["at"]) }
    guard let at = EventTime(time) else { throw Refusal(reason: "field \"at\" is no ISO 8601 time") }
    (self.id, self.kind, self.at) = (id, kind, at)
    reporter = fields.text(.reporter)
    body = try kind.body(fields)
    references = kind.references(in: fields)
  }
}

extension EventKind {
  /// Every kind, in the order in which the help and the schema list them.
  package static let all: [EventKind] = [
    ReleaseBuilt.kind, ApplicationInstalled.kind, ApplicationPatched.kind, ApplicationRemoved.kind,
    ImageCreated.kind, ImageMoved.kind, ImageDeleted.kind,
    VMCreated.kind, VMCloned.kind, VMState.kind, VMSettings.kind, VMMigrated.kind, VMDeleted.kind,
    HostAdded.kind, HostRebooted.kind, HostDecommissioned.kind, Action.kind,
  ]
}

/// Why an event was not taken.
package struct Refusal: Error, Equatable {
  package var reason: String

  /// - Parameter reason: What is wrong, for the reporter to read.
  package init(reason: String) { self.reason = reason }
}
