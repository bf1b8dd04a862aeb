import Fingerprints
import Foundation
import Signatures
import TestSupport

/// The program of the test environment that holds the independent implementations.
let python = packageFolder.appending(path: ".build/python/bin/python").path

/// Names that a canonical form can get wrong: quotes, controls, a slash, other planes, both spellings of é, separators.
let hostileNames = [
  "bin/shop", "a\"b\\c", "tab\tnew\nline", "bell\u{7}\u{1F}\u{7F}", "é", "e\u{301}", "\u{1F600}", "\u{FB33}",
  "\u{2028}",
  "\u{202E}gnp", "\u{FFFD}", "</script>",
]

func sampleArtifact(_ path: String, contents: String, marks: [Mark] = [], sources: [SourceRevision] = []) -> Artifact {
  Artifact(
    path: path, size: UInt64(contents.utf8.count), sha256: Digest(of: Data(contents.utf8)),
    gitoid: String(repeating: "a", count: 40), kind: .other, marks: marks, sources: sources)
}

func sampleSource(_ path: String) -> SourceRevision {
  SourceRevision(
    path: path, repository: "https://example.org/shop.git", revision: String(repeating: "1", count: 40),
    blob: String(repeating: "2", count: 40), author: "A \"B\" <a@example.org>",
    created: Date(timeIntervalSince1970: 1_600_000_000), revised: Date(timeIntervalSince1970: 1_700_000_000),
    revisions: 3)
}

/// A signature with every field and every name that is hard to write.
func hostileSignature() -> Signature {
  Signature(
    application: "shop \"é\"", release: "2.1",
    environment: BuildEnvironment(
      platform: "linux-x86_64", compiler: "gcc 12", builder: "me@here", command: ["make", "", "CFLAGS=-O2 \"\\\n"]),
    built: Date(timeIntervalSince1970: 1_769_860_800),
    artifacts: hostileNames.enumerated().map { number, name in
      sampleArtifact(
        name, contents: "\(number)", marks: [Mark(.elfLoad, "\(number)"), Mark(.section, ".text=\(number)")],
        sources: [sampleSource("src/" + name)])
    })
}
