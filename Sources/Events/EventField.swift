/// A field of events. Fields that are not listed here are stored with the event and have no effect.
package enum EventField: String, CodingKey, CaseIterable, Sendable {
  case kind, id, at, reporter
  case application, release, signature
  case image, images, path, role, parent
  case vm, vms, name, from, state, settings
  case host, group, expected
  case action, question, result
}

extension EventField {
  /// What a field may hold.
  enum Form: Sendable, Equatable {
    /// The name of an event kind.
    case kind
    /// ISO 8601 with seconds and an offset.
    case time
    /// Any text.
    case text
    /// Text that identifies something: not empty.
    case name
    case names
    case choice([String])
    /// True or false.
    case flag
    /// An object of texts, numbers, booleans and nulls.
    case settings
    /// Text that is stored with the event and never read.
    case note
  }

  // Apart from the descriptions, which take longer to make: it is asked for each field of each event.
  var form: Form {
    switch self {
    case .kind: .kind
    case .at: .time
    case .reporter, .signature, .name, .group, .question: .text
    case .id, .application, .release, .image, .path, .parent, .vm, .from, .state, .host, .action: .name
    case .images, .vms: .names
    case .role: .choice(Self.roles)
    case .expected: .flag
    case .settings: .settings
    case .result: .note
    }
  }

  private static let roles = ["golden", "deployed", "unknown"]

  /// What the field means, and the option of `vmlineage record` that sets it where that is not its name.
  struct Description: Sendable {
    let meaning: String
    /// What the option stands for where it is not given.
    let whenAbsent: String?
    let option: String?

    init(_ meaning: String, whenAbsent: String? = nil, option: String? = nil) {
      (self.meaning, self.whenAbsent, self.option) = (meaning, whenAbsent, option)
    }
  }

  var description: Description {
    switch self {
    case .kind: Description("What happened.")
    case .id: Description("The event's id: the same id twice counts once.", whenAbsent: "a new one")
    case .at:
      Description(
        "When it happened, in ISO 8601. A time after the receipt is stored as that of the receipt.",
        whenAbsent: "now")
    case .reporter: Description("Who reports it.", whenAbsent: "the user and this host")
    case .application: Description("The application.")
    case .release: Description("The version of the application.")
    case .signature:
      Description("The build's signature file, which is read when the event is received, or the build's id.")
    case .image: Description("An image: its id, its name where that is unique, or host:path.")
    case .images: Description("Several images, of which a VM is made.", option: "image")
    case .path: Description("Where the image is.")
    case .role: Description("What the image is used as.")
    case .parent: Description("The image that the image was made from.")
    case .vm: Description("A VM, by its UUID.")
    case .vms: Description("Several VMs, to which an action was done.", option: "vm")
    case .name: Description("The name of the VM or image.")
    case .from: Description("The VM that the VM was cloned from.")
    case .state: Description("The VM's state, such as running.")
    case .settings: Description("The settings of the VM that changed.", option: "setting")
    case .host: Description("The host.")
    case .group: Description("The group that the host belongs to.")
    case .expected: Description("Whether the reboot was expected.")
    case .action: Description("What was done to VMs.")
    case .question: Description("The question whose answer named these VMs.")
    case .result: Description("What came of the action.")
    }
  }
}
