package import Inventory

/// Which files went into which: what a build's processes read and wrote, in the order in which they did.
///
/// A process is one node: all that it read before it ended goes into all that it wrote. Two things are finer: a copying
/// program (cp, install, mv) gives each file what it read last before, and a file that was written anew is another
/// file than what had its name before. Pipes and redirected standard input and output join processes; values that pass
/// through arguments, the environment, or the text of a shell's `$(…)` are not followed.
package struct BuildGraph {
  /// One content of one path: what was there before the build, or what a process began to write.
  struct File {
    var path: GuestPath
    /// The processes that wrote it; none: it was there before the build.
    var writers: Set<Int> = []
    /// Where a copying program made it: what it was copied from, where that matters. Counts instead of `writers`.
    var copy: Copy?
  }

  struct Copy { var of: Int? }

  /// A process, threads included.
  struct Process {
    var working: GuestPath
    /// What standard input and output are.
    var standard: [Int?] = [nil, nil]
    var reads: Set<Int> = []
    var lastRead: Int?
    var isCopying = false
  }

  var files: [File] = []
  var processes: [Process] = []
  /// The file that a path names now.
  private var current: [GuestPath: Int] = [:]
  /// The process that an id means now; ids are used again after a process ended.
  private var running: [Int: Int] = [:]
  /// Whom a process that has not shown itself yet was started by: its line may come before its parent's.
  private var parents: [Int: [(parent: Int, isThread: Bool)]] = [:]
  private let working: GuestPath
  private let isSource: (GuestPath) -> Bool
  private let resolve: (GuestPath) -> GuestPath
  /// The programs that ran, in the order of their first run.
  package private(set) var programs: [GuestPath] = []
  private var knownPrograms: Set<GuestPath> = []

  /// An empty graph of a command that starts in the folder `working`. `isSource`: whether a file was there before the
  /// build and matters; others are not kept. `resolve`: an absolute path with the links in its folder resolved; only
  /// names that no descriptor stands for are given to it.
  package init(
    working: GuestPath, isSource: @escaping (GuestPath) -> Bool, resolve: @escaping (GuestPath) -> GuestPath = { $0 }
  ) {
    self.working = working
    self.isSource = isSource
    self.resolve = resolve
  }

  /// Adds a whole trace, one call a line.
  package mutating func add(trace: some Collection<UInt8>) {
    let lines = TraceLine.whole(trace)
    // First who started whom: a child's first line may stand before the line that says so.
    for line in lines where Self.startsProcess(line) {
      guard let line = TraceLine(line), case .started(let child, let isThread)? = TraceEvent(line, working: working)
      else { continue }
      parents[child, default: []].append((line.process, isThread))
    }
    for line in lines.lazy.compactMap({ TraceLine($0) }) {
      let process = node(line.process)
      // The line itself says where the process is, where it names the folder that its paths start from.
      if let argument = line.arguments.first(where: { $0.text == "AT_FDCWD" }), let folder = argument.descriptor {
        processes[process].working = folder
      }
      if let event = TraceEvent(line, working: processes[process].working) { add(event, process, line.process) }
    }
    for process in running.values { end(process) }
  }

  private static func startsProcess(_ line: some Collection<UInt8>) -> Bool {
    let call = line.drop { (48...57).contains($0) || $0 == UInt8(ascii: " ") }
    return call.starts(with: "clone".utf8) || call.starts(with: "fork".utf8) || call.starts(with: "vfork".utf8)
  }

  /// The node of a process id; made on its first line, with what it has from its parent.
  private mutating func node(_ id: Int) -> Int {
    if let known = running[id] { return known }
    var made = Process(working: working)
    if var waiting = parents[id], let first = waiting.first {
      waiting.removeFirst()
      parents[id] = waiting
      // Each step takes an entry away, so this ends whatever the trace says.
      let parent = node(first.parent)
      if first.isThread {
        running[id] = parent
        return parent
      }
      made = processes[parent].child()
    }
    processes.append(made)
    running[id] = processes.count - 1
    return processes.count - 1
  }

  private mutating func add(_ event: TraceEvent, _ process: Int, _ id: Int) {
    switch event {
    case .opened(let path, let reads, let writes, let truncates):
      if writes { write(path, process, truncates: truncates) }
      if reads && !truncates { read(path, process) }
    case .renamed(let from, let to): rename(resolve(from), resolve(to))
    case .linked(let from, let to): current[resolve(to)] = file(resolve(from))
    case .removed(let path): current[resolve(path)] = nil
    case .redirected(let descriptor, let target): redirect(descriptor, to: target, process)
    case .executed(let program):
      processes[process].isCopying = Self.copying.contains(program.name)
      if knownPrograms.insert(program).inserted { programs.append(program) }
    case .movedTo(let folder): processes[process].working = folder
    case .ended:
      running[id] = nil
      end(process)
    case .started: break
    }
  }

  /// Programs that read one file and write it to one other at a time.
  private static let copying: Set<String> = ["cp", "install", "ginstall", "mv", "ln"]

  private mutating func write(_ path: GuestPath, _ process: Int, truncates: Bool) {
    var file = truncates ? nil : self.file(path)
    if let before = file, files[before].writers.isEmpty, files[before].copy == nil {
      // What was there before the build is added to: the new contents are made of the old.
      processes[process].reads.insert(before)
      processes[process].lastRead = before
      file = nil
    }
    if file == nil {
      file = add(path)
      if let file, processes[process].isCopying { files[file].copy = Copy(of: processes[process].lastRead) }
    }
    if let file { files[file].writers.insert(process) }
  }

  private mutating func read(_ path: GuestPath, _ process: Int) {
    let file = file(path)
    if let file { processes[process].reads.insert(file) }
    // What a copying program looks up about users, locales and attributes is not what it copies.
    if file != nil || !Self.lookedUp.contains(where: { path.bytes.starts(with: $0.utf8) }) {
      processes[process].lastRead = file
    }
  }

  private static let lookedUp = ["etc/", "proc/", "sys/", "dev/"]

  /// The file that `path` names, kept where it can matter.
  private mutating func file(_ path: GuestPath) -> Int? {
    current[path] ?? (isSource(path) ? add(path) : nil)
  }

  private mutating func add(_ path: GuestPath) -> Int {
    files.append(File(path: path))
    current[path] = files.count - 1
    return files.count - 1
  }

  private mutating func rename(_ from: GuestPath, _ to: GuestPath) {
    if let file = file(from) {
      current[from] = nil
      current[to] = file
      return
    }
    // A folder takes what is in it along; a file that nothing is known of replaces what was there.
    current[to] = nil
    let inside = from.bytes + [UInt8(ascii: "/")]
    for path in current.keys.filter({ $0.bytes.starts(with: inside) }) {
      current[to.appending(GuestPath(bytes: path.bytes.dropFirst(inside.count)))] = current.removeValue(forKey: path)
    }
  }

  private mutating func redirect(_ descriptor: Int, to target: GuestPath, _ process: Int) {
    guard processes[process].standard.indices.contains(descriptor) else { return }
    let file = current[target] ?? (Self.isPipe(target) ? add(target) : nil)
    processes[process].standard[descriptor] = file
    guard let file else { return }
    if descriptor == 0 { processes[process].reads.insert(file) } else { files[file].writers.insert(process) }
  }

  private static func isPipe(_ path: GuestPath) -> Bool { path.bytes.starts(with: "pipe:[".utf8) }

  /// What a process still had as standard input and output when it ended, it may have used, though its parent had made
  /// it so: a pipe is read by all that share it, a file that is read (a script on standard input) by its opener alone.
  private mutating func end(_ process: Int) {
    let standard = processes[process].standard
    if let input = standard[0], Self.isPipe(files[input].path) { processes[process].reads.insert(input) }
    if let output = standard[1] { files[output].writers.insert(process) }
  }
}

extension BuildGraph {
  /// What went into the file that `path` names at the end: files that were there before the build, by path, through all
  /// that was made in between. Nil where the build did not make it.
  package func inputs(of path: GuestPath) -> Set<GuestPath>? {
    guard let last = current[path], !files[last].writers.isEmpty else { return nil }
    var found: Set<GuestPath> = []
    var seen: Set<Int> = [last]
    var open = [last]
    while let next = open.popLast() {
      let file = files[next]
      if file.writers.isEmpty {
        found.insert(file.path)
      } else {
        let inputs =
          file.copy.map { copy in copy.of.map { [$0] } ?? [] } ?? file.writers.flatMap { processes[$0].reads }
        open += inputs.filter { seen.insert($0).inserted }
      }
    }
    return found
  }

  /// Whether the build wrote over a file that was there before, so that what was read of it is gone.
  package func isRewritten(_ path: GuestPath) -> Bool {
    current[path].map { !files[$0].writers.isEmpty } ?? false
  }
}

extension BuildGraph.Process {
  /// A process as its parent leaves it: the same folder, the same standard input and output, nothing read yet.
  fileprivate func child() -> BuildGraph.Process {
    BuildGraph.Process(working: working, standard: standard, isCopying: isCopying)
  }
}
