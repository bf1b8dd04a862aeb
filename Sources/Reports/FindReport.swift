package import Catalog
package import Foundation
internal import Inventory

/// The JSON of `find`, `vmlineage.find/1`: Signatures/schemas/vmlineage.find-1.json says what may stand in it.
package struct FindDocument: Encodable {
  private let schema = "vmlineage.find/1"
  private let entity: String
  private let count: Int
  private let items: [Item]

  private enum CodingKeys: CodingKey { case schema, entity, count, items }

  package init(entity: Entity, count: Int, answers: [Answer]) {
    self.entity = entity.rawValue
    self.count = count
    items = answers.map(Item.init)
  }

  package func data() throws -> Data { try jsonDocument(self) }

  private struct Item: Encodable {
    var answer: Answer

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }

      init(_ text: String) { stringValue = text }
      init?(stringValue: String) { self.init(stringValue) }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for (key, value) in answer.values {
        switch value {
        case .text(let text): try container.encode(text, forKey: Key(key))
        case .number(let number): try container.encode(number, forKey: Key(key))
        case .time(let time): try container.encode(time, forKey: Key(key))
        }
      }
      try container.encode(answer.confidence, forKey: Key("confidence"))
      try container.encode(originName(answer.origin), forKey: Key("origin"))
      try container.encode(answer.path, forKey: Key("path"))
    }
  }
}

/// captured, declared, inferred for 1, 2, 3.
package func originName(_ origin: Int) -> String { [1: "captured", 2: "declared"][origin] ?? "inferred" }

/// Answers for people: the columns that say something, then how sure it is and by which path.
package func findTable(_ answers: [Answer], _ entity: Entity, width: Int) -> String {
  let hidden = ["blob", "firstSeen", "created", "build", "newestReleased"]
  let keys = entity.keys.filter { key in
    !hidden.contains(key) && answers.contains { $0.values[key] != nil && (key != "id" || $0.id != $0.name) }
  }
  let rows = answers.map { answer in
    keys.map { cell(answer.values[$0]) }
      + [
        percent(answer.confidence), originName(answer.origin),
        answer.path.map { printable($0) }.joined(separator: " → "),
      ]
  }
  let header = keys.map { $0.uppercased() } + ["SURE", "ORIGIN", "BY"]
  return Columns(rows: [header] + rows, indent: 0).lines(width: width).map { $0 + "\n" }.joined()
}

private func cell(_ value: Answer.Value?) -> String {
  switch value {
  case nil: ""
  case .text(let text): printable(text)
  case .number(let number): "\(number)"
  case .time(let time): time.formatted(.iso8601)
  }
}

/// Ready questions with their parameters; as JSON, `vmlineage.questions/1`.
package func readyList(_ isJSON: Bool) throws -> String {
  if isJSON {
    struct Document: Encodable {
      struct Element: Encodable {
        var name: String
        var help: String
        var command: String
        var parameters: [Parameter]
      }
      struct Parameter: Encodable {
        var name: String
        var help: String
        var `default`: String?
      }
      var schema = "vmlineage.questions/1"
      var questions: [Element]
    }
    let questions = ReadyQuestion.all.map { ready in
      Document.Element(
        name: ready.name, help: ready.help, command: ready.command,
        parameters: ready.parameters.map { .init(name: $0.name, help: $0.help, default: $0.standard) })
    }
    return String(decoding: try jsonDocument(Document(questions: questions)), as: UTF8.self)
  }
  return ReadyQuestion.all.map { ready in
    let parameters = ready.parameters.map { parameter in
      "    \(parameter.name)=…  \(parameter.help)" + (parameter.standard.map { " (\($0))" } ?? "") + "\n"
    }
    return "\(ready.name)\n  \(ready.help)\n  \(ready.command)\n\(parameters.joined())"
  }.joined(separator: "\n")
}

/// A statement, its parameters and its steps.
package func explanationText(_ explanation: Explanation) -> String {
  let parameters = explanation.parameters.map { "-- \($0.name) = \(printable($0.value))\n" }.joined()
  return "\(explanation.sql);\n\n\(parameters)\n" + explanation.steps.map { "-- \($0)\n" }.joined()
}
