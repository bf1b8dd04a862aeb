import Foundation
import TestSupport
import Testing

/// A git work tree with two programs that share a library of a make below, a generated header, a script and
/// configuration, and names that are hard: `Makefile` builds it all below `build` and installs it to `out`.
struct SampleProject {
  let folder: URL

  static let files: [String: String] = [
    "Makefile": """
    CFLAGS = -O2 -g -Iinclude -Ibuild -MMD
    all: build/alpha build/beta build/alpha-stripped
    build/table.h: data/table.in tools/gen.sh
    \tmkdir -p build && sh tools/gen.sh < data/table.in | tr w W > build/table.tmp && mv build/table.tmp $@
    build/libcommon.a: FORCE
    \t$(MAKE) -C lib
    FORCE:
    build/alpha.o: src/alpha.c build/table.h
    \t$(CC) $(CFLAGS) -c $< -o $@
    build/beta.o: src/beta.c
    \t$(CC) $(CFLAGS) -pipe -c $< -o $@
    build/spaced.o: build/table.h
    \t$(CC) $(CFLAGS) -c "src/with space.c" -o $@
    build/alpha: build/alpha.o build/spaced.o build/libcommon.a
    \t$(CC) -o $@ build/alpha.o build/spaced.o build/libcommon.a
    build/alpha-stripped: build/alpha
    \tcp build/alpha $@ && strip $@
    build/beta: build/beta.o build/libcommon.a src/beta.map
    \t$(CC) -Wl,--version-script=src/beta.map -o $@ build/beta.o build/libcommon.a
    install: all
    \tmkdir -p out/bin out/etc out/share
    \tinstall -s build/alpha build/beta out/bin/
    \tinstall build/alpha-stripped scripts/run.sh out/bin/
    \tinstall -m 644 etc/app.conf etc/other.conf out/etc/
    \tln out/bin/alpha out/bin/alias
    \tcp -r share/. out/share/

    """,
    "lib/Makefile": """
    ../build/libcommon.a: ../build/common.o ../build/more.o
    \tar rcs $@ ../build/common.o ../build/more.o
    ../build/%.o: %.c
    \tmkdir -p ../build && $(CC) -O2 -I../include -MMD -c $< -o $@

    """,
    "lib/common.c": "#include \"common.h\"\nint common(void) { return COMMON; }\n",
    "lib/more.c": "#include \"common.h\"\nint more(void) { return COMMON + 1; }\n",
    "include/common.h": "#define COMMON 4\nint common(void);\nint more(void);\n",
    "include/unused.h": "#define UNUSED 1\n",
    "src/alpha.c": "#include <stdio.h>\n#include \"common.h\"\n#include \"table.h\"\nint spaced(void);\n"
      + "int main(void) { return printf(\"%s %d\\n\", TABLE, common() + spaced()) < 0; }\n",
    "src/with space.c": "#include \"table.h\"\n#include <string.h>\nint spaced(void) { return (int)strlen(TABLE); }\n",
    "src/beta.c":
      "#include <stdio.h>\n#include \"common.h\"\nint main(void) { return printf(\"%d\\n\", more()) < 0; }\n",
    "src/beta.map": "{ global: main; local: *; };\n",
    "tools/gen.sh": "read word\nprintf '#define TABLE \"%s\"\\n' \"$word\"\n",
    "data/table.in": "words\n",
    "scripts/run.sh": "#!/bin/sh\nexec alpha \"$@\"\n",
    "etc/app.conf": "port = 80\n",
    "etc/other.conf": "port = 81\n",
    "share/new\nline.txt": "a name with a new line\n",
    "share/plain.txt": "plain\n",
    ".gitignore": "build/\nout/\n",
  ]

  /// All files but those that only steer the build, and the header that nothing includes.
  static let sources = Set(files.keys).subtracting(["Makefile", "lib/Makefile", "include/unused.h", ".gitignore"])

  /// Writes the files and commits them in three steps by two authors.
  init(_ folder: URL) throws {
    self.folder = folder.resolvingSymlinksInPath()
    for (path, text) in Self.files { try write(path, text) }
    try git("init", "-q", ".")
    try git("remote", "add", "origin", "https://user:secret@example.org/shop.git?token=1")
    try commit("Ann Author <ann@example.org>", "2020-01-02T03:04:05Z")
    for number in 1...2 {
      try write("src/alpha.c", (Self.files["src/alpha.c"] ?? "") + "/* \(number) */\n")
      try commit("Bob Builder <bob@example.org>", "202\(number)-01-02T03:04:05Z")
    }
  }

  func write(_ path: String, _ text: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @discardableResult func git(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
    let result = try run(["git", "-c", "safe.directory=*"] + arguments, in: folder, environment: environment)
    try #require(result.status == 0, "\(arguments): \(result.errorText)")
    return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func commit(_ author: String, _ date: String) throws {
    try git("add", "-A")
    let committer = ["GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org", "GIT_COMMITTER_DATE": date]
    try git("commit", "-q", "-m", "change", "--author", author, "--date", date, environment: committer)
  }

  /// What the compiler itself says went into an object: its `.d` file, paths from the top, system headers left out.
  func dependencies(_ object: String, from subfolder: String = "") throws -> Set<String> {
    let text = try String(contentsOf: folder.appending(path: "build/\(object).d"), encoding: .utf8)
    let list = text.replacing("\\\n", with: " ").replacing("\\ ", with: "\u{1}").split(separator: ":", maxSplits: 1)[1]
    let paths = list.split(whereSeparator: \.isWhitespace).map { $0.replacing("\u{1}", with: " ") }
    return Set(
      paths.filter { !$0.hasPrefix("/") }.map { path in
        let whole = folder.appending(path: subfolder).appending(path: path).standardizedFileURL.path
        return String(whole.dropFirst(folder.path.count + 1))
      })
  }
}
