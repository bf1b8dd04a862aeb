import Fingerprints
import Inventory
import Testing

@testable import Packages

@Suite struct VersionResourceTests {
  private func program(_ product: String, _ version: String, _ company: String) -> Fingerprint {
    Fingerprint(
      kind: .pe,
      descriptions: [
        SelfDescription(
          kind: .versionResource, name: product, version: version,
          fields: ["ProductName": product, "ProductVersion": version, "CompanyName": company])
      ])
  }

  @Test func `puts the files of a product in one folder tree together`() {
    let shop = program("Shop", "2.4.1", "Contoso")
    let packages = VersionResourceReader().read(
      SystemFiles(fingerprints: [
        "Program Files/Shop/shop.exe": shop, "Program Files/SHOP/bin/shop.dll": shop,
        "Program Files/Other/shop.dll": shop,
        "Program Files/Shop/zlib.dll": program("zlib", "1.3", ""),
      ])
    ).packages
    let found = Set(packages.map { [$0.name, $0.version, $0.vendor ?? "", "\($0.files.count)"] })
    #expect(
      found == [["Shop", "2.4.1", "Contoso", "2"], ["Shop", "2.4.1", "Contoso", "1"], ["zlib", "1.3", "", "1"]])
    #expect(packages.allSatisfy { $0.kind == .windows })
  }

  @Test func `leaves out what is Windows itself`() {
    let microsoft = program("Microsoft Windows Operating System", "10.0", "Microsoft Corporation")
    let packages = VersionResourceReader().read(
      SystemFiles(fingerprints: [
        "WINDOWS/System32/kernel32.dll": microsoft,
        "Windows/System32/drivers/viostor.sys": program("Red Hat VirtIO", "100.92", "Red Hat, Inc."),
        "Program Files/Office/word.exe": program("Office", "16", "Microsoft Corporation"),
      ])
    ).packages
    #expect(Set(packages.map(\.name)) == ["Red Hat VirtIO", "Office"])
  }
}
