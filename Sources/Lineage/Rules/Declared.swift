package import Inventory

/// The image says so itself: a package database, a language's own record, a registry key, a version resource.
package struct Declared: Rule {
  package let name = "declared"
  package let version = 1
  package let level = MatchLevel.declared

  package init() {}

  /// A package manager writes its database as it installs, and it goes stale only by hand (0.97). A language's record
  /// lies beside the files that it names (0.95), an uninstall key may outlive its program (0.9), what a builder wrote
  /// into a binary is as good as the builder (0.9), a service is only a pointer (0.7). Judgement, not measurement.
  package func confidence(in package: Package) -> Double? {
    switch package.kind {
    case .deb, .rpm, .apk, .pacman: 0.97
    case .pypi, .npm, .gem, .nuget: 0.95
    case .go, .cargo, .note, .jar, .windows, .msix: 0.9
    case .service: 0.7
    }
  }
}
