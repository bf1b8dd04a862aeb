import Foundation
import TestSupport
import Testing

@testable import Fingerprints

/// Runs a program that must succeed.
@discardableResult
func runs(_ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]) throws -> String {
  let finished = try run(arguments, in: folder, environment: environment)
  try #require(finished.status == 0, "\(arguments.joined(separator: " ")): \(finished.errorText)")
  return finished.text
}

/// Runs a Python program of the tests' environment.
func python(_ program: String, _ arguments: [String]) throws -> String {
  try runs([packageFolder.appending(path: ".build/python/bin/python").path, "-c", program] + arguments)
}

/// A C program with enough code and constants for every kind of mark.
let sampleC = """
  #include <stdio.h>
  #include <string.h>
  static const char *const words[] = {"alpha of the sample", "beta of the sample", "gamma of the sample"};
  int table[64] = {1, 2, 3, 5, 8, 13, 21, 34, 55};
  __attribute__((constructor)) static void prepare(void) { table[63] = (int)strlen(words[1]); }
  int weigh(const char *text) { int sum = 0; while (*text) sum = sum * 31 + *text++; return sum; }
  int main(int count, char **given) {
    for (int i = 0; i < 3; i++) printf("%s %d %d\\n", words[i], weigh(words[i]), table[i]);
    return count > 1 ? weigh(given[1]) : 0;
  }
  """

/// Builds a C program in `folder` and gives its place.
@discardableResult
func build(
  _ source: String = sampleC, in folder: URL, name: String = "sample", compiler: String = "gcc",
  _ options: [String] = []
) throws -> URL {
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  try Data(source.utf8).write(to: folder.appending(path: "\(name).c"))
  try runs([compiler, "-O1", "-o", name, "\(name).c"] + options, in: folder)
  return folder.appending(path: name)
}

func fingerprint(at file: URL) throws -> Fingerprint {
  fingerprint(of: try Data(contentsOf: file), name: file.lastPathComponent)
}

func outline(of data: Data) -> ExecutableOutline? {
  ExecutableOutline(head: data.prefix(4096), tail: data.suffix(4096), size: UInt64(data.count))
}

extension Fingerprint {
  func mark(_ kind: MarkKind) -> String? { marks.first { $0.kind == kind }?.value }
  func description(_ kind: SelfDescription.Kind) -> SelfDescription? { descriptions.first { $0.kind == kind } }
  /// Digests of sections by name.
  var sections: [String: String] {
    Dictionary(
      marks.filter { $0.kind == .section }.map { mark in
        let parts = mark.value.split(separator: "=").map(String.init)
        return (parts[0], parts[1])
      }, uniquingKeysWith: { first, _ in first })
  }
}

/// Feeds truncated and changed copies of `data` to the readers; the test is that they return.
func mutate(_ data: Data, seed: UInt64, rounds: Int = 300) {
  var random = SeededGenerator(seed: seed)
  func readAll(_ copy: Data) {
    let found = fingerprint(of: copy, name: "mutated")
    #expect(found.marks.count < 1000)
    let shape = outline(of: copy)?.shape
    if let shape, let whole = found.mark(.shape) { #expect(shape == whole) }
  }
  for length in stride(from: 0, to: min(data.count, 4096), by: 61) { readAll(data.prefix(length)) }
  for _ in 0..<rounds / 4 { readAll(data.prefix(Int.random(in: 0..<data.count, using: &random))) }
  for _ in 0..<rounds {
    var copy = data
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      // Half of the changes hit the headers.
      let end = Bool.random(using: &random) ? min(1024, copy.count) : copy.count
      let position = Int.random(in: 0..<end, using: &random)
      copy[position] =
        [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
    }
    readAll(copy)
  }
}
