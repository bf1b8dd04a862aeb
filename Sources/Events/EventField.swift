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

  /// The form of the field, what it means, and the option of `vmlineage record` that sets it where that is not its name.
  struct Description: Sendable {
    let form: Form
    let meaning: String
    /// What the option stands for where it is not given.
    var whenAbsent: String?
    var option: String?
  }

  var form: Form { description.form }

  var description: Description {
    switch self {
    case .kind: Description(form: .kind, meaning: "What happened.")
    case .id:
      Description(form: .name, meaning: "The event's id: the same id twice counts once.", whenAbsent: "a new one")
    case .at:
      Description(
        form: .time,
        meaning: "When it happened, in ISO 8601. A time after the receipt is stored as that of the receipt.",
        whenAbsent: "now")
    case .reporter: Description(form: .text, meaning: "Who reports it.", whenAbsent: "the user and this host")
    case .application: Description(form: .name, meaning: "The application.")
    case .release: Description(form: .name, meaning: "The version of the application.")
    case .signature:
      Description(
        form: .text, meaning: "The build's signature file, which is read when the event is received, or the build's id."
      )
    case .image: Description(form: .name, meaning: "An image: its id, its name where that is unique, or host:path.")
    case .images: Description(form: .names, meaning: "Several images, of which a VM is made.", option: "image")
    case .path: Description(form: .name, meaning: "Where the image is.")
    case .role: Description(form: .choice(["golden", "deployed", "unknown"]), meaning: "What the image is used as.")
    case .parent: Description(form: .name, meaning: "The image that the image was made from.")
    case .vm: Description(form: .name, meaning: "A VM, by its UUID.")
    case .vms: Description(form: .names, meaning: "Several VMs, to which an action was done.", option: "vm")
    case .name: Description(form: .text, meaning: "The name of the VM or image.")
    case .from: Description(form: .name, meaning: "The VM that the VM was cloned from.")
    case .state: Description(form: .name, meaning: "The VM's state, such as running.")
    case .settings:
      Description(form: .settings, meaning: "The settings of the VM that changed.", option: "setting")
    case .host: Description(form: .name, meaning: "The host.")
    case .group: Description(form: .text, meaning: "The group that the host belongs to.")
    case .expected: Description(form: .flag, meaning: "Whether the reboot was expected.")
    case .action: Description(form: .name, meaning: "What was done to VMs.")
    case .question: Description(form: .text, meaning: "The question whose answer named these VMs.")
    case .result: Description(form: .note, meaning: "What came of the action.")
    }
  }
}
