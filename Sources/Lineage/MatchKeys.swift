internal import Fingerprints
package import Inventory
package import Signatures

/// What an index is to be asked about an inventory: its regular files of which something is known. `MatchKey.file` is
/// the position in `inventory.files`. Shapes are left out: they are never evidence.
package func matchKeys(of inventory: Inventory) -> some Sequence<MatchKey> {
  inventory.files.indices.lazy.compactMap { position in
    let file = inventory.files[position]
    let marks = (file.fingerprint?.marks ?? []).filter { $0.kind != .shape }
    guard file.kind == .regular, file.digests != nil || !marks.isEmpty else { return nil }
    return MatchKey(file: position, sha256: file.digests?.sha256, marks: marks)
  }
}
