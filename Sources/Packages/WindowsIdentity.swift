internal import Inventory

/// Which Windows it is, by the values of `SOFTWARE\Microsoft\Windows NT\CurrentVersion`.
///
/// The version is `major.minor.build[.revision]`. Windows before 10 has no number for major and minor but a text
/// `CurrentVersion`, which later ones keep at 6.3. Windows 11 still calls itself `Windows 10` there: from build 22000 on
/// it is 11.
func windowsIdentity(_ values: [String: Hive.Value]) -> OperatingSystem? {
  func text(_ name: String) -> String? { DeclaredText.line(values[name]?.string) }
  let build = text("currentbuild") ?? text("currentbuildnumber")
  var version = text("currentversion")
  if let major = values["currentmajorversionnumber"]?.dword {
    version = "\(major).\(values["currentminorversionnumber"]?.dword ?? 0)"
  }
  guard var product = text("productname"), let version else { return nil }
  if product.hasPrefix("Windows 10"), let build, let number = Int(build), number >= 22000 {
    product = "Windows 11" + product.dropFirst("Windows 10".count)
  }
  let details = [text("editionid"), text("displayversion") ?? text("releaseid")].compactMap(\.self)
  if !details.isEmpty { product += " (\(details.joined(separator: ", ")))" }
  let parts = [version, build, values["ubr"]?.dword.map { "\($0)" }].compactMap(\.self)
  return OperatingSystem(
    family: "windows", distribution: "windows", version: parts.joined(separator: "."), product: product)
}

/// The control set in use: `Select\Current` holds its number, 1 where that is lost.
func controlSet(_ hive: Hive) -> Hive.Key? {
  let current = hive.key("Select").flatMap { hive.values(of: $0)["current"]?.dword } ?? 1
  let digits = String(current)
  return hive.key("ControlSet" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
}

/// The processor as `uname -m` would name it.
func architecture(_ hive: Hive, _ controlSet: Hive.Key) -> String? {
  let environment = hive.key("Control\\Session Manager\\Environment", below: controlSet)
  let name = environment.flatMap { DeclaredText.line(hive.values(of: $0)["processor_architecture"]?.string) }
  switch name?.lowercased() {
  case "amd64": return "x86_64"
  case "arm64": return "aarch64"
  case "x86": return "i386"
  default: return name
  }
}
