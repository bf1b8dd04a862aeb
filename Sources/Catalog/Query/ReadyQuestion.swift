internal import Foundation
internal import Inventory

/// A question that is often asked, by a name of its own.
package struct ReadyQuestion: Sendable {
  package struct Parameter: Sendable {
    package var name: String
    /// What it is where it is not given; nil: it must be.
    package var standard: String?
    package var help: String
  }

  package var name: String
  package var help: String
  package var parameters: [Parameter]
  /// The options of `find` that it stands for, with `{parameter}` in them.
  package var arguments: [String]

  /// The question, with a value for each parameter.
  package func question(_ given: [String: String]) throws -> Question {
    if let unknown = given.keys.sorted().first(where: { key in !parameters.contains { $0.name == key } }) {
      let known = parameters.map(\.name).joined(separator: ", ")
      throw usage("it has no parameter \(unknown)", known.isEmpty ? "it takes none" : "it takes \(known)")
    }
    var values = given
    for parameter in parameters where values[parameter.name] == nil {
      guard let standard = parameter.standard else { throw usage("\(parameter.name) is missing", parameter.help) }
      values[parameter.name] = standard
    }
    var question = Question(Entity(rawValue: arguments[0]) ?? .hosts)
    for argument in arguments.dropFirst() {
      let text = values.reduce(argument) { $0.replacing("{\($1.key)}", with: $1.value) }
      if text.hasPrefix("not "), let filter = Filter(text: String(text.dropFirst(4))) {
        question.not.append(filter)
      } else if text.hasPrefix("within=") {
        guard let within = seconds(of: String(text.dropFirst(7))) else {
          throw usage("\(text) is no length of time", "such as 24h or 30d")
        }
        question.within = within
      } else if let filter = Filter(text: text) {
        question.filters.append(filter)
      }
    }
    return question
  }

  /// The same as a command, for people who want to change it.
  package var command: String {
    arguments.dropFirst().reduce("vmlineage find \(arguments[0])") { command, argument in
      if argument.hasPrefix("not ") { return "\(command) --not \(argument.dropFirst(4))" }
      let parts = argument.split(separator: "=", maxSplits: 1)
      return parts[0] == "outdated" ? "\(command) --outdated" : "\(command) --\(parts[0]) '\(parts[1])'"
    }
  }

  private func usage(_ reason: String, _ remedy: String) -> Problem {
    Problem(code: "usage", operation: "ask", subject: name, reason: reason, remedy: remedy)
  }
}

extension ReadyQuestion {
  private static func given(_ name: String, _ help: String, _ standard: String? = nil) -> Parameter {
    Parameter(name: name, standard: standard, help: help)
  }

  private static let hosts = given("hosts", "names of hosts, * and ? allowed", "*")

  /// In the order in which they are listed.
  package static let all: [ReadyQuestion] = [
    .init(
      name: "hosts-with-source", help: "Hosts that now run software built from a source file.",
      parameters: [given("source", "a path, its last part, or a pattern")], arguments: ["hosts", "source={source}"]),
    .init(
      name: "sources-of-vm", help: "Source files that contributed to what runs in a vm.",
      parameters: [given("vm", "a name or UUID")], arguments: ["sources", "vm={vm}"]),
    .init(
      name: "sources-of-host", help: "Source files that contributed to what runs on a host.",
      parameters: [given("host", "a name or a pattern")], arguments: ["sources", "host={host}"]),
    .init(
      name: "releases-of-vm", help: "What is installed in a vm.", parameters: [given("vm", "a name or UUID")],
      arguments: ["releases", "vm={vm}"]),
    .init(
      name: "vms-with-application", help: "Vms that hold an application, or one release of it.",
      parameters: [given("application", "NAME or NAME@VERSION")], arguments: ["vms", "application={application}"]),
    .init(
      name: "images-with-file", help: "Images that hold a file, known to a signature or not.",
      parameters: [given("file", "a path or a SHA-256")], arguments: ["images", "file={file}"]),
    .init(
      name: "hosts-with-file", help: "Hosts that run a vm with a file, known to a signature or not.",
      parameters: [given("file", "a path or a SHA-256")], arguments: ["hosts", "file={file}"]),
    .init(
      name: "vms-of-author", help: "Vms that run what an author last changed.",
      parameters: [given("author", "a part of the name or address")], arguments: ["vms", "author={author}"]),
    .init(
      name: "crashed-hosts", help: "Hosts with an unexpected reboot of late.",
      parameters: [given("within", "a length of time", "24h")],
      arguments: ["hosts", "rebooted=unexpected", "within={within}"]),
    .init(
      name: "changed-on-crashed-hosts", help: "Releases installed of late on hosts with an unexpected reboot.",
      parameters: [
        given("within", "how long ago the reboot", "24h"), given("changed", "how long ago the change", "7d"),
      ],
      arguments: ["releases", "rebooted=unexpected", "within={within}", "installed-within={changed}"]),
    .init(
      name: "sources-changed", help: "Source files changed of late that run on hosts.",
      parameters: [given("within", "a length of time", "30d"), hosts],
      arguments: ["sources", "changed-within={within}", "host={hosts}"]),
    .init(
      name: "releases-changed", help: "Releases made of late that run on hosts.",
      parameters: [given("within", "a length of time", "30d"), hosts],
      arguments: ["releases", "changed-within={within}", "host={hosts}"]),
    .init(
      name: "applications-changed", help: "Applications with a release made of late that run on hosts.",
      parameters: [given("within", "a length of time", "30d"), hosts],
      arguments: ["applications", "changed-within={within}", "host={hosts}"]),
    .init(
      name: "outdated-releases", help: "Releases on running vms of which there is a newer one, and how far behind.",
      parameters: [given("state", "the state of the vms", "running")],
      arguments: ["releases", "outdated=true", "state={state}"]),
    .init(
      name: "vms-in-state", help: "Vms in a state.", parameters: [given("state", "such as running or stopped")],
      arguments: ["vms", "state={state}"]),
    .init(
      name: "vms-with-setting", help: "Vms with a setting.", parameters: [given("setting", "KEY=VALUE")],
      arguments: ["vms", "setting={setting}"]),
    .init(
      name: "descendants", help: "Images that come from a golden image, over any number of steps.",
      parameters: [given("image", "a name, id or host:path")], arguments: ["images", "ancestor={image}"]),
    .init(
      name: "unused-images", help: "Images that no vm uses.", parameters: [], arguments: ["images", "not vm=*"]),
    .init(
      name: "unrecorded-applications", help: "Applications in images of which no event tells.", parameters: [],
      arguments: ["applications", "image=*", "not origin=captured"]),
    .init(
      name: "sources-that-run-nowhere", help: "Source files of which nothing is in any vm.", parameters: [],
      arguments: ["sources", "not vm=*"]),
  ]
}
