package import Foundation

/// What can be asked for.
package enum Entity: String, CaseIterable, Sendable {
  case hosts, vms, images, applications, releases, builds, artifacts, files, sources, revisions

  /// Its place in the chain; files hang on images.
  var level: Level {
    switch self {
    case .hosts: .host
    case .vms: .vm
    case .images, .files: .image
    case .applications, .releases: .release
    case .builds: .build
    case .artifacts: .artifact
    case .revisions: .revision
    case .sources: .source
    }
  }
}

/// One restriction: what it is about, and the values of which one must fit.
package struct Filter: Sendable, Hashable {
  package enum Kind: String, CaseIterable, Sendable {
    case source, revision, author, application, artifact, file, image, role, parent, ancestor, vm, state, setting, host
    case group, rebooted, outdated, origin
    case changedWithin = "changed-within"
    case installedWithin = "installed-within"
    case minConfidence = "min-confidence"
  }

  package var kind: Kind
  package var values: [String]

  package init(_ kind: Kind, _ values: [String]) {
    self.kind = kind
    self.values = values
  }

  package init(_ kind: Kind, _ value: String) { self.init(kind, [value]) }

  /// `FILTER=VALUE`, as `--not` takes it; nil where there is no such filter. `outdated` needs no value.
  package init?(text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let kind = Kind(rawValue: parts[0]), parts.count == 2 || kind == .outdated else { return nil }
    self.init(kind, parts.count == 2 ? parts[1] : "true")
  }
}

/// A question to the catalog: everything of one kind for which all filters hold.
///
/// Filters of different kinds hold of one chain: `vms` with `application` nginx and `source` cart.c are vms in which a
/// release of nginx comes from cart.c. A filter that is given twice holds of two chains. `not` takes away what the filter
/// alone would find.
package struct Question: Sendable {
  package enum Order: String, CaseIterable, Sendable { case name, confidence, time }

  package var entity: Entity
  package var filters: [Filter]
  package var not: [Filter]
  /// Within what time a host was rebooted, in seconds.
  package var within: Double?
  /// The moment that is asked about. Nil: now.
  package var at: Date?
  package var order: Order?
  package var limit: Int?

  package init(
    _ entity: Entity, _ filters: [Filter] = [], not: [Filter] = [], within: Double? = nil, at: Date? = nil,
    order: Order? = nil, limit: Int? = nil
  ) {
    self.entity = entity
    self.filters = filters
    self.not = not
    self.within = within
    self.at = at
    self.order = order
    self.limit = limit
  }
}

/// A length of time in words: `90s`, `15m`, `24h`, `30d`, `4w`, in seconds. Nil where it is none.
package func seconds(of span: String) -> Double? {
  let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
  guard let unit = span.last.flatMap({ units[$0] }), let number = Double(span.dropLast()), number >= 0,
    number * unit < 1e11
  else { return nil }
  return number * unit
}
