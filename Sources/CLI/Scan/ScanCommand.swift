internal import ArgumentParser
internal import Catalog
internal import Foundation
internal import Inventory
internal import Reports
internal import Scanner
internal import Signatures

/// `vmlineage scan`: the main job.
struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Say what is installed in disk images, and which source files it came from.",
    discussion: """
      Reads VHD, VHDX, qcow2, VMDK, VDI and raw images, and directories of them, and writes to none of them. An image \
      without a header is raw where it begins with a partition table, an LVM or LUKS header, or a file system that fits \
      into it. What was found is kept in the catalog; an image that has not changed since is not read again.

      EXAMPLES
        vmlineage scan /images                        every image below a directory
        vmlineage scan disk.vhd --signatures shop.json
        vmlineage scan /dev/sdb --format json         a whole disk, as JSON
        vmlineage scan disk.qcow2 --key all:file:key  with encrypted volumes

      EXIT STATUS
        0    every image was scanned
        2    an image failed, was read in part, or nothing was recognised in it; the others are done and stored
        64   the command line makes no sense
        130  interrupted; what was done until then is stored
      """)

  @Argument(help: "Images, or directories that are searched for images.", completion: .file())
  var paths: [String]

  @Option(
    parsing: .upToNextOption,
    help:
      "Signature files, folders of them, or an index. Default: the folders named Signatures beside the program and in the user's data folder."
  )
  var signatures: [String] = []

  @OptionGroup var catalog: CatalogOption
  @OptionGroup var output: FormatOption

  @Option(help: "What these images are: golden, deployed or unknown.")
  var role: ImageRole?

  @Option(help: "The host that holds them. Default: this machine.")
  var host: String = ProcessInfo.processInfo.hostName

  @Option(
    name: .customLong("key"),
    help: ArgumentHelp(
      "A key of encrypted volumes: ID:key:KEY or ID:file:FILE; ID is a device, a UUID or 'all'.", valueName: "selector")
  )
  var keys: [String] = []

  @Option(help: "How many images are scanned at once. Default: as many as cores and memory allow.")
  var jobs: Int?

  @Option(help: "After how long an image is given up: seconds, or with s, m or h.")
  var deadline: TimeSpan = TimeSpan(seconds: 600)

  @Option(
    help: """
      How files are read: appliance (in a machine of its own), direct (by libraries in a confined process, in a tenth \
      of the time), or auto (direct where it can, else the appliance). Default: $VMLINEAGE_READER, else appliance.
      """)
  var reader: Reader?

  @Option(help: "Which files are read whole: needed (what could match) or all.")
  var digests: ScanRequest.Digests = .needed

  @Option(
    name: .customLong("allow-backing"),
    help: ArgumentHelp("A folder whose files an image may refer to: backing files, extents.", valueName: "folder"))
  var allowedFolders: [String] = []

  @Option(
    help: """
      Look only where systems record what is installed (package databases, the registry, the folders of Python, Ruby and \
      Node for all users), and at no other file: declared.
      """)
  var only: Only?

  @Option(
    name: .customLong("image-format"),
    help: "Read images without a known header as raw, also where nothing in them shows that they are disks: raw.")
  var imageFormat: AssumedFormat?

  @Flag(help: "Also list the files of declared packages.")
  var files = false

  @Flag(help: "List every declared package in the table.")
  var packages = false

  @Flag(help: "List every source file in the table, not only the first few.")
  var sources = false

  @Flag(help: "Say on standard error where the time went, by image and phase.")
  var timings = false

  @Flag(help: "Exit with 0 also where an image seems to hold a system or applications and none could be named.")
  var allowUnrecognised = false

  enum Only: String, ExpressibleByArgument, CaseIterable { case declared }
  enum AssumedFormat: String, ExpressibleByArgument, CaseIterable { case raw }

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1") }
    if paths.isEmpty { throw ValidationError("name an image or a directory") }
  }

  func run() async throws {
    let scan = try begin()
    let work = Task { await scan.run() }
    let interruption = Interruption { work.cancel() }
    let reports = await work.value
    if timings { writeError(scan.timings) }
    try answer(Data(try rendered(reports, scan.skipped).utf8))
    if let signal = interruption.received {
      complain("interrupted: \(reports.count) of \(scan.images.count) images are done and stored")
      throw ExitCode(128 + signal)
    }
    if !scan.isClean(reports, allowUnrecognised: allowUnrecognised) { throw ExitCode(2) }
  }
}

extension ScanCommand {
  /// Ends with status 2 and one line where nothing can be begun.
  private func begin() throws -> ScanRun {
    do {
      return try ScanRun(self)
    } catch {
      complain(printable("\(error)"))
      throw ExitCode((error as? Problem)?.code == "usage" ? 64 : 2)
    }
  }

  private var tableOptions: TableOptions {
    let color = TableOptions.wantsColor(
      isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)
    return TableOptions(width: terminalWidth(), packages: packages, sources: sources, color: color)
  }

  private func rendered(_ reports: [ImageReport], _ skipped: SkippedReport) throws -> String {
    switch output.format {
    case .json:
      String(decoding: try ScanDocument(images: reports, skipped: skipped, files: files).data(), as: UTF8.self)
    case .table: scanTable(reports, skipped: skipped, tableOptions)
    }
  }
}

extension ImageRole: ExpressibleByArgument {}
extension ScanRequest.Digests: ExpressibleByArgument {}
extension Reader: ExpressibleByArgument {}

extension ScanCommand {
  /// How files are read: as the command line says, else the environment.
  /// - Throws: `Problem` where the environment names no reader.
  func chosenReader(environment: [String: String]) throws -> Reader {
    if let reader { return reader }
    guard let named = environment["VMLINEAGE_READER"], !named.isEmpty else { return .appliance }
    guard let reader = Reader(rawValue: named) else {
      throw Problem(
        code: "usage", operation: "VMLINEAGE_READER", subject: named, reason: "is not appliance, direct or auto")
    }
    return reader
  }
}
