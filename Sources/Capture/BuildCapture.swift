internal import Fingerprints
package import Foundation
internal import Inventory
package import Signatures

/// Follows a build command and says which sources went into each file that it made.
package struct BuildCapture: Sendable {
  package var application: String
  package var release: String
  /// Where the finished files lie at the end.
  package var artifacts: URL
  /// Folders of sources; empty: the git work tree of the working folder, else the working folder.
  package var sources: [URL]
  /// The program and its arguments.
  package var command: [String]

  package init(application: String, release: String, artifacts: URL, sources: [URL] = [], command: [String]) {
    self.application = application
    self.release = release
    self.artifacts = artifacts
    self.sources = sources
    self.command = command
  }

  /// How it ended.
  package enum Outcome: Sendable {
    /// The build failed with this exit status: there is nothing to sign.
    case failed(status: Int32)
    case captured(Signature, warnings: [String])
  }

  /// Runs the command in the working folder and returns the sealed signature of the files that it made.
  ///
  /// Throws Problem where processes cannot be followed, or where the build made no file in `artifacts`.
  package func run() async throws -> Outcome {
    try await Tracer.check()
    let working = URL(fileURLWithPath: FileManager.default.currentDirectoryPath).resolvingSymlinksInPath()
    let roots = sources.isEmpty ? [GitRepository.containing(working)?.folder ?? working] : sources
    let folder = FileManager.default.temporaryDirectory.appending(path: "vmlineage-capture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }

    let present = try await Present(roots.map { $0.resolvingSymlinksInPath() }, without: artifacts)
    let trace = folder.appending(path: "trace")
    // Its time stamp is the clock that the kernel stamps files by.
    try Data().write(to: trace)
    let start = try await FileList.files(below: folder).map(\.changed).max() ?? 0
    let began = Date()
    let status = try await Tracer.run(command, trace: trace)
    guard status == 0 else { return .failed(status: status) }

    var graph = BuildGraph(
      working: GuestPath(working.path), isSource: present.files.contains, resolve: FolderResolver().resolve)
    graph.add(trace: try Array(Data(contentsOf: trace, options: .alwaysMapped)))
    return try await signature(graph, present, start: start, began: began)
  }

  private func signature(
    _ graph: BuildGraph, _ present: Present, start: Double, began: Date
  ) async throws -> Outcome {
    let made = try await madeFiles(graph, start: start)
    let needed = made.files.reduce(into: Set<GuestPath>()) { $0.formUnion($1.inputs) }
    let known = try await SourceRevisions(
      of: needed, roots: present.roots, rewritten: needed.filter(graph.isRewritten))
    var warnings = made.warnings + known.warnings
    var artifacts: [Artifact] = []
    for file in made.files {
      guard var artifact = try? Artifact(path: file.path, file: file.location) else {
        warnings.append("\(printable(file.path)) cannot be read: left out")
        continue
      }
      artifact.sources = file.inputs.sorted().compactMap { known.revisions[$0] }
      artifacts.append(artifact)
    }
    let bare = artifacts.filter(\.sources.isEmpty)
    if let first = bare.first {
      warnings.append(
        "\(bare.count) of \(artifacts.count) artifacts have no source that was followed, such as \(printable(first.path))"
      )
    }
    let environment = BuildEnvironment(
      platform: Host.platform, compiler: await Compiler.version(of: graph.programs), builder: Host.builder,
      command: command)
    // A signature holds whole seconds.
    let built = Date(timeIntervalSince1970: began.timeIntervalSince1970.rounded(.down))
    let signature = Signature(
      application: application, release: release, environment: environment, built: built, artifacts: artifacts)
    return .captured(try signature.sealed(), warnings: warnings)
  }
}

/// A file that the build made in the folder of artifacts.
private struct MadeFile {
  /// Relative to the folder.
  var path: String
  var location: URL
  var inputs: Set<GuestPath>
}

extension BuildCapture {
  private func madeFiles(_ graph: BuildGraph, start: Double) async throws -> (files: [MadeFile], warnings: [String]) {
    let folder = artifacts.resolvingSymlinksInPath()
    let top = GuestPath(folder.path)
    var made: [MadeFile] = []
    var warnings: [String] = []
    var untouched = 0
    for file in try await FileList.files(below: folder) {
      let inputs = graph.inputs(of: top.appending(file.path))
      // A change that no followed process made still came while the build ran.
      guard inputs != nil || file.changed >= start else {
        untouched += 1
        continue
      }
      guard let path = file.path.utf8 else {
        warnings.append("\(file.path) has a name that is not UTF-8: left out")
        continue
      }
      made.append(MadeFile(path: path, location: folder.appending(path: path), inputs: inputs ?? []))
    }
    if untouched > 0 {
      warnings.append("\(untouched) files in \(artifacts.path) were not made by this build: left out")
    }
    guard !made.isEmpty else {
      throw Problem(
        code: "no-artifacts", operation: "capture", subject: artifacts.path, reason: "the build made no file in it",
        remedy: "clean before the build, and name the folder that it installs to")
    }
    return (made, warnings)
  }
}
