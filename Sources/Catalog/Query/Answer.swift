package import Foundation

/// One thing that was found.
package struct Answer: Sendable, Equatable {
  package enum Value: Sendable, Hashable { case text(String), number(Int64), time(Date) }

  /// What is known of it, by the keys of its JSON; what is not known is left out.
  package var values: [String: Value]
  /// By the best path to what was asked for.
  package var confidence: Double
  /// 1 captured, 2 declared, 3 inferred: the weakest on the best path.
  package var origin: Int
  /// The best path, from the thing to the end of the first filter's side: `vm:web-07`, `image:gold.vhd` …
  package var path: [String]

  package var name: String { text("name") ?? "" }
  /// What `--vm -` and the like take.
  package var id: String { text("id") ?? name }

  package func text(_ key: String) -> String? {
    guard case .text(let text) = values[key] else { return nil }
    return text
  }
}

/// A statement with its parameters and how the engine goes about it.
package struct Explanation: Sendable {
  package var sql: String
  package var parameters: [(name: String, value: String)]
  package var steps: [String]
}

extension Entity {
  /// The keys of an answer, in the order in which people read them.
  package var keys: [String] { shape.columns.map(\.key) }
}
