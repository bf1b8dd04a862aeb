internal import Foundation
internal import Inventory

/// This machine, as a signature names it.
enum Host {
  /// Such as `linux-x86_64`.
  static var platform: String {
    #if arch(x86_64)
      "linux-x86_64"
    #elseif arch(arm64)
      "linux-aarch64"
    #else
      "linux"
    #endif
  }

  /// `user@host`.
  static var builder: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
}

enum Compiler {
  private static let names: Set<String> = ["cc", "gcc", "c++", "g++", "clang", "clang++", "rustc"]

  /// The first line of what the first compiler among `programs` says of itself, such as
  /// `gcc (Debian 12.2.0-14) 12.2.0`; nil where none ran.
  static func version(of programs: [GuestPath]) async -> String? {
    guard let compiler = programs.first(where: { names.contains($0.name) }), let path = compiler.utf8,
      let output = try? await Program.output("env", ["/" + path, "--version"], environment: ["LC_ALL": "C"])
    else { return nil }
    let line = String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return line.isEmpty ? nil : String(line.prefix(200))
  }
}
