package import Catalog
package import Inventory
package import Lineage

/// Everything that a report says of one image.
package struct ImageReport: Sendable {
  /// Nil where the catalog could not give one.
  package var id: String?
  package var host: String
  package var path: String
  package var role: ImageRole
  package var inventory: Inventory
  package var findings: Findings
  /// Whether these are stored facts of an image that has not changed since.
  package var unchanged: Bool
  /// What went wrong after the scan, such as a catalog that could not store it.
  package var problem: Problem?

  package init(
    id: String?, host: String, path: String, role: ImageRole = .unknown, inventory: Inventory,
    findings: Findings = Findings(), unchanged: Bool = false, problem: Problem? = nil
  ) {
    self.id = id
    self.host = host
    self.path = path
    self.role = role
    self.inventory = inventory
    self.findings = findings
    self.unchanged = unchanged
    self.problem = problem
  }

  /// What it all came to: an image that could not be stored has failed, whatever was read of it.
  package var status: Inventory.Status {
    problem == nil ? Lineage.status(of: inventory, findings) : .failed
  }

  /// Why the status is not `scanned`.
  package var reason: Problem? {
    if let known = problem ?? inventory.problem { return known }
    guard status == .unrecognised else { return nil }
    return Problem(
      code: "unrecognised", operation: "scan", subject: path,
      reason: "neither an operating system nor an application found",
      remedy: "--allow-unrecognised accepts such images")
  }
}
