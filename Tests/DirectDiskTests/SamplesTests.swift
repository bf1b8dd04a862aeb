import Foundation
import Inventory
import TestSupport
import Testing

@testable import DirectDisk

/// Images of Debian's forensics-samples packages: the folders of `original-files`, of which those that end with 2 were
/// deleted again. Two pictures were changed after the images had been made.
@Suite struct SamplesTests {
  private static let samples = URL(fileURLWithPath: "/usr/share/forensics-samples")

  @Test(arguments: ["exfat", "ext2", "ext4", "ntfs", "vfat"])
  func `shows the files that others put there, and none that they deleted`(type: String) throws {
    try withTemporaryFolder { folder in
      let image = folder.appending(path: "sample.raw")
      let packed = Self.samples.appending(path: "fs.\(type).xz").path
      try make(["sh", "-c", "xz -dc '\(packed)' > '\(image.path)'"])
      let volume = try #require(volumes(ofRaw: image).first)
      #expect(volume.type == type)
      let found = try filesOf(volume).filter { $0.value.kind == .regular }
      let truth = try filesBelow(Self.samples.appending(path: "original-files")).filter { path, file in
        file.kind == .regular && !path.lossy.split(separator: "/").dropLast().contains { $0.hasSuffix("2") }
      }
      #expect(truth.count == 18)
      #expect(Set(found.keys) == Set(truth.keys))
      let same = truth.filter { !["pic1/debian.png", "pic1/debian_logo.png"].contains($0.key) }
      for (path, file) in same { #expect(found[path]?.contents == file.contents, "\(path)") }
    }
  }
}
