/// A host is in use.
package struct HostAdded: EventPayload {
  package private(set) var host = ""
  package private(set) var group: String?

  package static let kind = EventKind(
    "host-added", "A host was added.", Event.Body.hostAdded, of: [.host],
    [.required(.host, \.host), .optional(.group, \.group)])
}

/// A host was started again, as planned or after a crash.
package struct HostRebooted: EventPayload {
  package private(set) var host = ""
  package private(set) var expected = false

  package static let kind = EventKind(
    "host-rebooted", "A host was rebooted.", Event.Body.hostRebooted, of: [.host],
    [.required(.host, \.host), .required(.expected, \.expected)])
}

/// A host is out of use.
package struct HostDecommissioned: EventPayload {
  package private(set) var host = ""

  package static let kind = EventKind(
    "host-decommissioned", "A host was taken out of service.", Event.Body.hostDecommissioned, of: [.host],
    [.required(.host, \.host)])
}

/// Something was done to VMs that a question named.
package struct Action: EventPayload {
  package private(set) var action = ""
  package private(set) var vms: [String] = []
  package private(set) var question: String?

  package static let kind = EventKind(
    "action", "Something was done to VMs.", Event.Body.action, of: [],
    [
      .required(.action, \.action), .required(.vms, \.vms), .optional(.question, \.question), .note(.result),
    ])
}
