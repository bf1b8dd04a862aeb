internal import ArgumentParser
internal import Foundation

/// One event as options; each is the field of the same name.
struct EventOptions: ParsableArguments {
  @Option(help: "What happened, such as vm-created.") var kind: String?
  @Option(help: "The event's id. Default: a new one.") var id: String?
  @Option(help: "When it was so, in ISO 8601. Default: now.") var at: String?
  @Option(help: "Who says so. Default: the user and this host.") var reporter: String?
  @Option(help: "The application.") var application: String?
  @Option(help: "Its release.") var release: String?
  @Option(help: "The build's signature file, or its id.") var signature: String?
  @Option(help: "An image: its id, its name, or host:path. Repeat it for a vm of several.") var image: [String] = []
  @Option(help: "Where the image is.") var path: String?
  @Option(help: "golden, deployed or unknown.") var role: String?
  @Option(help: "The image that the image was made from.") var parent: String?
  @Option(help: "A vm, by its UUID. Repeat it for an action on several.") var vm: [String] = []
  @Option(help: "The name of the vm or image.") var name: String?
  @Option(help: "The vm that the vm was cloned from.") var from: String?
  @Option(help: "The vm's state, such as running.") var state: String?
  @Option(name: .customLong("setting"), help: ArgumentHelp("A setting of the vm. Repeatable.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "The host.") var host: String?
  @Option(help: "The group that the host belongs to.") var group: String?
  @Option(help: ArgumentHelp("Whether the reboot was.", valueName: "true|false")) var expected: Bool?
  @Option(help: "What was done to vms.") var action: String?
  @Option(help: "The question whose answer named these vms.") var question: String?
  @Option(help: "What came of the action.") var result: String?

  func validate() throws {
    if let wrong = settings.first(where: { !$0.contains("=") }) {
      throw ValidationError("--setting \(wrong): it is KEY=VALUE.")
    }
  }

  /// Whether none is given.
  var isEmpty: Bool {
    let texts = [
      id, at, reporter, application, release, signature, path, role, parent, name, from, state, host, group, action,
      question, result,
    ]
    return texts.allSatisfy { $0 == nil } && image.isEmpty && vm.isEmpty && settings.isEmpty && expected == nil
  }

  /// As a line of JSON Lines.
  func line() throws -> Data {
    let host = ProcessInfo.processInfo.hostName
    var fields: [String: Any] = [
      "id": id ?? UUID().uuidString.lowercased(), "kind": kind ?? "",
      "at": at ?? Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
      "reporter": reporter ?? "\(NSUserName())@\(host)",
    ]
    let texts: [String: String?] = [
      "application": application, "release": release, "signature": signature, "path": path, "role": role,
      "parent": parent, "name": name, "from": from, "state": state, "host": self.host, "group": group, "action": action,
      "question": question, "result": result,
    ]
    for (field, text) in texts { if let text { fields[field] = text } }
    if image.count == 1 { fields["image"] = image[0] } else if !image.isEmpty { fields["images"] = image }
    if kind == "action" { fields["vms"] = vm } else if let vm = vm.first { fields["vm"] = vm }
    if let expected { fields["expected"] = expected }
    if !settings.isEmpty {
      let pairs = settings.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
      fields["settings"] = Dictionary(pairs.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { $1 })
    }
    return try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
  }
}
