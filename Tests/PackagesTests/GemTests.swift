import Foundation
import Inventory
import TestSupport
import Testing

@testable import Packages

private let specifications = """
  require "json"
  list = Dir.glob(["/usr/share/rubygems-integration/*/specifications/**/*.gemspec",
                   "/usr/lib/ruby/gems/*/specifications/**/*.gemspec"])
    .map { |path| Gem::Specification.load(path) }
  puts JSON.generate(list.map { |s| [s.name, s.version.to_s, s.metadata["source_code_uri"].to_s] })
  """

@Suite struct GemTests {
  @Test func `lists what RubyGems loads`() throws {
    let expected = try printedLists(["ruby", "-e", specifications])
    #expect(expected.contains { $0[0] == "multi_json" })
    var packages: [Package] = []
    for folder in ["/usr/share/rubygems-integration", "/usr/lib/ruby/gems"] {
      let reading = GemReader().read(try systemFiles(folder, as: GuestPath(folder), for: GemReader()))
      #expect(reading.problems.isEmpty)
      packages += reading.packages
    }
    #expect(Set(packages.map { [$0.name, $0.version, $0.repository ?? ""] }) == expected)
    #expect(packages.contains { $0.location.lossy.contains("/specifications/default/") })
  }

  @Test func `reads a platform, and runs nothing`() {
    let text = """
      # stub: x 1.0 x86_64-linux lib
      system("touch /tmp/owned")
      Gem::Specification.new do |spec|
        spec.name = 'nokogiri'.freeze
        spec.version = Gem::Version.new("1.16.0")
        spec.platform = "x86_64-linux".freeze
      end
      """
    let path: GuestPath = "var/lib/gems/3.1.0/specifications/nokogiri-1.16.0-x86_64-linux.gemspec"
    let reading = GemReader().read(
      SystemFiles(contents: [path: Data(text.utf8), "specifications/bad.gemspec": Data("s.name = x".utf8)]))
    #expect(reading.packages.map(\.name) == ["nokogiri"])
    #expect(reading.packages.first?.version == "1.16.0")
    #expect(reading.packages.first?.architecture == "x86_64-linux")
    #expect(reading.problems.map(\.subject) == ["specifications/bad.gemspec"])
  }

  @Test func `takes from the file's name what a program computes`() {
    let text = "Gem::Specification.new do |s|\n  s.name = %q{a-1}\n  s.version = A::VERSION\nend\n"
    let reading = GemReader().read(
      SystemFiles(contents: ["usr/share/gems/specifications/a-1-2.0.b3-x86_64-linux.gemspec": Data(text.utf8)]))
    #expect(reading.packages.map { "\($0.name) \($0.version)" } == ["a-1 2.0.b3"])
    #expect(reading.problems.isEmpty)
  }

  @Test func `returns whatever was cut or flipped`() throws {
    let folder = "/usr/share/rubygems-integration"
    expectReturns(GemReader(), try systemFiles(folder, as: "usr", for: GemReader()), seed: 13)
  }
}
