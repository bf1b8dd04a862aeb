import Fingerprints
import Foundation
import Inventory
import Signatures
import Testing

@testable import Scanner

private let screen = Screen(sizes: [1000], shapes: ["s"], buildIDs: ["b"], textNames: ["shop.conf"])
private let plan = ReadingPlan(screen: screen, digests: .needed, onlyDeclared: false)

@Test func `reads what could be an artifact by its size or its name`() {
  #expect(plan.wants(file("opt/a", size: 1000)))
  #expect(!plan.wants(file("opt/a", size: 1001)))
  #expect(plan.wants(file("etc/shop.conf", size: 500)))
  #expect(!plan.wants(file("etc/shop.conf.bak", size: 500)))
  #expect(!plan.wants(file("etc/shop.conf", size: 1 << 30)))
}

@Test func `reads nothing that is no evidence`() {
  let tiny = ReadingPlan(screen: Screen(sizes: [0, 63, 64]), digests: .needed, onlyDeclared: false)
  #expect(!tiny.wants(file("a", size: 0)))
  #expect(!tiny.wants(file("a", size: 63)))
  #expect(tiny.wants(file("a", size: 64)))
  for kind in [FileRecord.Kind.directory, .link, .other] {
    #expect(!plan.wants(FileRecord(volume: "v", path: "a", kind: kind, size: 1000)))
    #expect(!plan.wantsEnds(FileRecord(volume: "v", path: "a.exe", kind: kind, size: 1000), permissionsTell: true))
  }
}

@Test func `reads all where all is asked for and nothing where only declarations are`() {
  let all = ReadingPlan(screen: Screen(), digests: .all, onlyDeclared: false)
  #expect(all.wants(file("a", size: 0)))
  let declared = ReadingPlan(screen: screen, digests: .needed, onlyDeclared: true)
  #expect(!declared.wants(file("opt/a", size: 1000)))
}

@Test func `looks at the ends of executables only`() {
  #expect(plan.wantsEnds(file("usr/bin/a", mode: 0o755), permissionsTell: true))
  #expect(plan.wantsEnds(file("usr/lib/liba.so.1.2", mode: 0o644), permissionsTell: true))
  #expect(plan.wantsEnds(file("Windows/A.EXE", mode: 0o777), permissionsTell: false))
  #expect(!plan.wantsEnds(file("Users/photo.jpg", mode: 0o777), permissionsTell: false))
  #expect(plan.wantsEnds(file("opt/tool", mode: 0o777), permissionsTell: true))
  #expect(!plan.wantsEnds(file("usr/share/a", mode: 0o644), permissionsTell: true))
  #expect(!plan.wantsEnds(file("usr/bin/a", size: 63, mode: 0o755), permissionsTell: true))
  #expect(!plan.wantsEnds(file("usr/bin/a", size: (1 << 30) + 1, mode: 0o755), permissionsTell: true))
}

@Test func `an extension is the end of the last name in any case`() {
  #expect(GuestPath("a/B.DlL").hasExtension("dll"))
  #expect(!GuestPath("a/dll").hasExtension("dll"))
  #expect(!GuestPath("dll").hasExtension("dll"))
  #expect(!GuestPath("a.dllx").hasExtension("dll"))
}
