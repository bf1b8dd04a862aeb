package import DirectDisk
internal import Foundation
package import Guestfs
package import Inventory

/// How files are read.
package enum Reader: String, Codable, Sendable, CaseIterable {
  /// By the appliance, which keeps what a stranger's disk does inside a machine of its own.
  case appliance
  /// By libraries in a confined process; what these cannot read is not read.
  case direct
  /// So where the libraries can, and by the appliance where they cannot.
  case auto
}

/// What the parent asks of the child that scans one image. JSON, one line, the first on the child's standard input; the
/// input stays open after it, and its end tells the child that the parent is gone.
package struct ScanRequest: Codable, Sendable {
  package enum Digests: String, Codable, Sendable, CaseIterable { case needed, all }

  /// What the appliance reads; the rest is read without one.
  package enum ApplianceShare: Codable, Equatable, Sendable {
    /// Nothing. Where the other reader cannot read a volume, either the child ends at once and tells which it can, or that
    /// volume fails.
    case nothing(handsOver: Bool)
    /// All volumes but these.
    case allBut([String])
  }

  /// The image, or the descriptor of one in extents.
  package var path: String
  /// What the parent saw there: another file by now is refused. Nil where the parent could not look.
  package var expected: ImageFile?
  /// Whether an image without a known header is to be read as raw.
  package var assumeRaw: Bool
  /// Folders whose files an image may refer to.
  package var allowedFolders: [String]
  /// A private folder of this image, emptied by the parent afterwards.
  package var folder: String
  package var share: ApplianceShare
  /// What confines a child that reads file systems itself; with nil it reads none.
  package var confinement: Confinement.Means?
  package var acceleration: Acceleration
  /// Mebibytes of the appliance.
  package var memory: Int
  package var processors: Int
  package var keys: [VolumeKey]
  /// The signature index, opened read-only; nil where there are no signatures.
  package var index: String?
  package var digests: Digests
  /// Only what the image says of itself.
  package var onlyDeclared: Bool
  /// Where not nil, only these files are read and digested, and nothing else is told.
  package var supplement: [SupplementFile]?

  /// Whether the child is started in a sandbox: not where it boots an appliance, or confines itself.
  var isSandboxed: Bool {
    guard case .nothing = share else { return false }
    return confinement == .bubblewrap
  }

  package init(
    path: String, expected: ImageFile? = nil, assumeRaw: Bool = false, allowedFolders: [String] = [],
    folder: String, share: ApplianceShare = .allBut([]), acceleration: Acceleration = .tcg,
    memory: Int = ApplianceSize.memory, processors: Int = 1, keys: [VolumeKey] = [], index: String? = nil,
    digests: Digests = .needed, onlyDeclared: Bool = false, supplement: [SupplementFile]? = nil
  ) {
    self.path = path
    self.expected = expected
    self.assumeRaw = assumeRaw
    self.allowedFolders = allowedFolders
    self.folder = folder
    self.share = share
    self.acceleration = acceleration
    self.memory = memory
    self.processors = processors
    self.keys = keys
    self.index = index
    self.digests = digests
    self.onlyDeclared = onlyDeclared
    self.supplement = supplement
  }
}

/// A file of an image that was scanned before, to be read now.
package struct SupplementFile: Codable, Hashable, Sendable {
  package var volume: String
  package var path: GuestPath

  package init(volume: String, path: GuestPath) {
    self.volume = volume
    self.path = path
  }
}

/// A key of an encrypted volume, as `--key` gives it (guestfs-tools: `ID:key:KEY`, `ID:file:FILE`; ID is a device, a UUID
/// or `all`).
package struct VolumeKey: Codable, Sendable {
  package var device: String
  package var key: String

  /// - Throws: `Problem` where the text is neither form or the file cannot be read.
  package init(selector: String) throws {
    let parts = selector.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, ["key", "file"].contains(parts[1]) else {
      throw Problem(
        code: "usage", operation: "--key", subject: selector, reason: "is not ID:key:KEY or ID:file:FILE")
    }
    device = parts[0]
    if parts[1] == "key" {
      key = parts[2]
    } else {
      guard let text = try? String(contentsOfFile: parts[2], encoding: .utf8) else {
        throw Problem(code: "unreadable", operation: "--key", subject: parts[2], reason: "cannot be read as text")
      }
      // A trailing newline is an editor's, not the key's: as cryptsetup and guestfs-tools have it.
      key = text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
  }

  /// Whether it is meant for a device with this UUID.
  func opens(_ device: String, uuid: String) -> Bool {
    self.device == "all" || self.device == device
      || (!uuid.isEmpty && self.device.caseInsensitiveCompare(uuid) == .orderedSame)
  }
}
