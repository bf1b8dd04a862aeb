import Foundation
import Inventory
import Lineage
import Reports
import Signatures
import TestSupport
import Testing

struct TableTests {
  private func lines(_ reports: [ImageReport], _ options: TableOptions = TableOptions()) -> [String] {
    scanTable(reports, options).components(separatedBy: "\n")
  }

  @Test func `says at a glance what an image holds`() {
    let table = lines([Sample.whole])
    #expect(table[0] == "/images/web-07.vhd  vhd  8.0 GiB  golden  scanned  unchanged")
    #expect(table[1] == "  Debian GNU/Linux 12 (bookworm), x86_64, named web-07, on /dev/sda1")
    #expect(table[2].split(separator: " ") == ["RELEASE", "VERSION", "SURE", "ORIGIN", "MATCH", "FOUND"])
    let row = table[3].split(separator: " ").joined(separator: " ")
    #expect(row == "shop 2.1 or 2.1.1 99 % inferred modified 11 of 12 files")
    let text = table.joined(separator: "\n")
    #expect(text.contains("! bin/shop: modified after build: build id equal, code differs"))
    #expect(text.contains("208 deb packages (--packages lists them)") && text.contains("requests"))
    #expect(text.contains("2 modified, 1 missing"))
    #expect(text.contains("20 files: 15 explained, 4 not, 1 unreadable"))
    #expect(!text.contains("deb100"))
  }

  @Test func `names the sources, eight of them or all`() {
    let short = lines([Sample.whole]).joined(separator: "\n")
    let summary = "from 12 source files at 12 revisions, last by Ann <ann@x> on 2026-01-31"
    #expect(short.contains(summary) && short.contains("1 with changes that were not committed"))
    #expect(short.ranges(of: "src/file").count == 8 && short.contains("and 4 more (--sources lists them)"))
    let long = scanTable([Sample.whole], TableOptions(sources: true))
    #expect(long.ranges(of: "src/file").count == 12 && !long.contains("--sources"))
  }

  @Test func `lists packages when asked`() {
    let table = scanTable([Sample.whole], TableOptions(packages: true))
    #expect(table.contains("deb207") && !table.contains("--packages"))
  }

  @Test func `says in words what is wrong`() {
    let text = scanTable([Sample.encrypted, Sample.refused, Sample.empty])
    #expect(text.contains("! /dev/sda2 (crypto_LUKS) is encrypted; --key opens it"))
    #expect(text.contains("! open x: needs its parent"))
    #expect(text.contains("neither an operating system nor an application found"))
    #expect(text.hasSuffix("3 images: 1 partial, 1 unrecognised, 1 failed\n"))
  }

  @Test func `says what was left out, ten lines of it`() {
    let lines = scanTable([], skipped: Sample.skipped).components(separatedBy: "\n")
    #expect(lines[0] == "skipped 1204 files: 1200 not-an-image, 3 unreadable, 1 archive")
    #expect(lines[1] == "  /a.gz: is packed" && lines[2].hasPrefix("  disk\\xff: a\\"))
    #expect(lines[10] == "  /text7: is empty")
    #expect(lines[11...] == ["  and 1194 more (--format json lists them)", ""])
    #expect(scanTable([Sample.empty], skipped: Sample.skipped).contains("\n\nskipped 1204 files"))
    #expect(!scanTable([Sample.empty]).contains("skipped"))
  }

  @Test func `lets nothing of a guest or a file name through to the terminal`() {
    var report = Sample.whole
    let evil = "\u{1B}]0;x\u{7}\n\u{202E}"
    report.inventory.systems[0].hostname = evil
    report.inventory.volumes = [
      Volume(
        id: evil, fileSystem: evil, status: .failed,
        problem: Problem(code: "c", operation: evil, subject: evil, reason: evil))
    ]
    var application = Sample.shop()
    application.name = evil
    application.version = evil
    application.alternatives = [evil]
    application.conflicts = [evil]
    application.sources[0].path = evil
    application.sources[0].author = evil
    application.sources[0].repository = evil
    var package = Sample.declared(.npm, evil, evil)
    package.conflicts = [evil]
    report.findings.applications = [application, package]
    for options in [TableOptions(), TableOptions(packages: true, sources: true)] {
      let text = scanTable([report, Sample.refused], options)
      let harmful = text.unicodeScalars.filter {
        $0 != "\n" && ($0.properties.generalCategory == .control || $0 == "\u{202E}")
      }
      #expect(harmful.isEmpty)
      // A line feed of a guest would make more lines than the plain words do.
      report.path = "/images/web-07.vhd"
    }
  }

  @Test(arguments: [40, 60, 80, 100])
  func `tables keep to the width of the terminal`(width: Int) {
    var report = Sample.whole
    report.findings.applications.append(Sample.declared(.npm, String(repeating: "long", count: 60), "日本語日本語"))
    for line in lines([report], TableOptions(width: width, packages: true)).dropFirst() where !line.contains("files:") {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func `colour only where it is wanted`() {
    #expect(!scanTable(Sample.all).contains("\u{1B}"))
    #expect(scanTable([Sample.empty], TableOptions(color: true)).contains("\u{1B}[33m"))
    #expect(TableOptions.wantsColor(isTerminal: true, environment: [:]))
    #expect(!TableOptions.wantsColor(isTerminal: true, environment: ["NO_COLOR": "1"]))
    #expect(!TableOptions.wantsColor(isTerminal: false, environment: [:]))
  }

  @Test func `no images are no lines`() {
    #expect(scanTable([]) == "")
  }
}
