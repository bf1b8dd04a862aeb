import Fingerprints
import Foundation
import Inventory
import Lineage
import Signatures

@testable import Catalog

extension Catalog {
  /// Stores a scan whose conclusions are known.
  func store(
    _ inventory: Inventory, _ findings: Findings, builds: [Digest: Signature], image: String, role: ImageRole? = nil,
    basis: Digest? = nil, at now: Date = Date()
  ) throws {
    try store(inventory, image: image, role: role, basis: basis, at: now) { (findings, builds) }
  }
}
