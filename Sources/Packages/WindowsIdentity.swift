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

/// The control set in use: `Select\Current` holds its number. Where that is lost or names none, one that is there, and what
/// is to be said of it.
func controlSet(_ hive: Hive) -> (key: Hive.Key, substitute: String?)? {
  let numbers = hive.key("Select").map { hive.values(of: $0) } ?? [:]
  let sets = hive.key("").map { hive.children(of: $0) }?.filter { $0.name.lowercased().hasPrefix("controlset") } ?? []
  let whole = sets.filter { hive.key("Control", below: $0.key) != nil }
  func set(_ number: UInt32) -> (name: String, key: Hive.Key)? {
    whole.first { Int($0.name.dropFirst("ControlSet".count)) == Int(number) }
  }
  if let current = numbers["current"]?.dword.flatMap(set) { return (current.key, nil) }
  let others = ["lastknowngood", "default"].compactMap { numbers[$0]?.dword }.compactMap(set)
  guard let other = others.first ?? whole.first ?? sets.first else { return nil }
  return (other.key, "Select\\Current names no control set that is there; used \(other.name)")
}

/// The name of the machine on the network, whole: the one beside it (`ComputerName`) is cut at 15 letters.
func hostName(_ hive: Hive, _ controlSet: Hive.Key) -> String? {
  let network = hive.key("Services\\Tcpip\\Parameters", below: controlSet).map { hive.values(of: $0) } ?? [:]
  let computer = hive.key("Control\\ComputerName\\ComputerName", below: controlSet).map { hive.values(of: $0) } ?? [:]
  return [network["hostname"], network["nv hostname"], computer["computername"]].lazy
    .compactMap { DeclaredText.line($0?.string) }.first
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
