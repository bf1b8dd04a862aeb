internal import ArgumentParser
internal import Events
internal import Foundation

/// One event as options: those of `EventOption.all`, in place of properties that would repeat them. ArgumentParser asks a
/// value of this type for its children to learn the options, and then decodes one from what was given.
struct EventOptions: ParsableArguments, CustomReflectable {
  /// What was given.
  private(set) var values: [EventField: [String]] = [:]

  /// Whether no option was given.
  var isEmpty: Bool { values.isEmpty }

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: EventField.self)
    for option in EventOption.all {
      let key = option.field
      switch option.form {
      case .text: values[key] = try container.decode(Option<String?>.self, forKey: key).wrappedValue.map { [$0] }
      case .flag: values[key] = try container.decode(Option<Bool?>.self, forKey: key).wrappedValue.map { ["\($0)"] }
      case .texts:
        let several = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
        if !several.isEmpty { values[key] = several }
      }
    }
  }

  var customMirror: Mirror {
    Mirror(self, children: EventOption.all.map { (label: $0.field.rawValue, value: Self.definition($0)) })
  }

  private static func definition(_ option: EventOption) -> Any {
    let name = NameSpecification.customLong(option.name)
    let help = ArgumentHelp(option.help, valueName: option.valueName)
    return switch option.form {
    case .text: Option<String?>(name: name, help: help)
    case .texts: Option<[String]>(wrappedValue: [], name: name, help: help)
    case .flag: Option<Bool?>(name: name, help: help)
    }
  }

  /// As a line of JSON Lines.
  /// - Throws: `ValidationError` where a value is written wrong.
  func line() throws -> Data {
    let defaults: [EventField: String] = [
      .id: UUID().uuidString.lowercased(),
      .at: Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
      .reporter: "\(NSUserName())@\(ProcessInfo.processInfo.hostName)",
    ]
    do throws(Refusal) {
      return try Event.line(options: values.merging(defaults.mapValues { [$0] }) { given, _ in given })
    } catch {
      throw ValidationError("\(error.reason).")
    }
  }
}
