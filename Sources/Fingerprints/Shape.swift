internal import Foundation

/// The short digest of a layout: a screen against reading for nothing, not evidence, so 64 bits are enough.
func shapeDigest(_ facts: [String]) -> String {
  String(Digest(of: Data(facts.joined(separator: "\n").utf8)).description.prefix(16))
}
