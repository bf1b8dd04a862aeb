/// Remarks say what a scan saw and did not understand, or left out. They are `Problem`s of which the image does not become
/// partial: their `subject` is the volume, partition, package manager or file.
extension Inventory {
  /// An image may be made to give any number of remarks: of more than this only the number is kept.
  package static let mostRemarks = 1000

  /// Adds remarks, each once.
  package mutating func add(_ more: [Problem]) {
    for remark in more where !remarks.contains(remark) {
      guard remarks.count < Self.mostRemarks else {
        remarks[Self.mostRemarks - 1] = Problem(
          code: "more-remarks", operation: "scan", subject: image.files.first?.path ?? "image",
          reason: "there are more remarks than \(Self.mostRemarks)")
        return
      }
      remarks.append(remark)
    }
  }
}

extension Problem {
  /// The codes of remarks that say that something may be there which could not be named. An image with one of these is not
  /// called a data disk.
  ///
  /// - `not-understood`: a partition, volume or volume group whose contents are of no known kind, or of a known kind that
  ///   is not read.
  /// - `system-part`: a volume holds files that belong to an operating system, and no system was named.
  /// - `package-manager-not-read`, `containers-not-read`: applications are installed by what is not read.
  package static let unnamedCodes: Set<String> = [
    "not-understood", "system-part", "package-manager-not-read", "containers-not-read",
  ]
}
