// swift-tools-version: 6.2
// The rooms of vmlineage, lowest first. One line a dependency of a room, sorted; a room and its tests stand together.
// Sources/README.md says what lives where. An arrow that is not here does not exist: Tests/StructureTests holds it.

import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// A room: its sources, what it may import, and its tests.
func room(_ name: String, _ dependencies: [Target.Dependency], tests: [Target.Dependency] = []) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: settings),
    .testTarget(
      name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies + tests,
      swiftSettings: settings),
  ]
}

// The command line: parsing, help and exit status 64.
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
// SHA-1, SHA-256 and MD5, hardware accelerated and kept by people who do only that.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
// SQLite connections, migrations and rows.
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
// The same SQLite without a layer between, for the statements of the projection.
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
// Child processes with process groups, which Foundation's Process lacks on Linux.
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

// The file descriptors and paths that Subprocess takes.
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

// Swift's libraries are in the program itself: to find and join twelve of them took as long as most questions do. These
// are named since what was compiled for shared libraries does not name them.
let foundation = ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections"].map { "-l\($0)" }

let package = Package(
  name: "vmlineage",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  ],
  targets: [
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    // Deflate, twice as fast as zlib on the blocks of a compressed image.
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CGuestfs", providers: [.apt(["libguestfs-dev"])]),
    .systemLibrary(name: "CHivex", pkgConfig: "hivex", providers: [.apt(["libhivex-dev"])]),
    .systemLibrary(name: "CNBD", providers: [.apt(["libnbd-dev"])]),
    // Landlock and seccomp, with which readers of strangers' file systems confine themselves.
    .systemLibrary(name: "CSandbox", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    // The Sleuth Kit, which reads file systems without a kernel.
    .systemLibrary(name: "CTSK", providers: [.apt(["libtsk-dev"])]),
    // Bare zlib streams (crate lists in Rust programs), which libarchive does not read.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "TestSupport", dependencies: [subprocess], path: "Tests/TestSupport", swiftSettings: settings),
  ]
    + room("DirectDisk", ["CDeflate", "CNBD", "CSandbox", "CTSK", "DiskFormats", "Inventory"])
    + room("DiskFormats", [])
    + room("Guestfs", ["CGuestfs", "DiskFormats"])
    + room("Fingerprints", ["CArchive", "CZlib", crypto])
    + room("Inventory", ["Fingerprints"])
    + room("Packages", ["CHivex", "Fingerprints", "Inventory", grdb])
    + room("Signatures", ["Fingerprints", grdb])
    + room(
      "Scanner",
      [
        "DirectDisk", "DiskFormats", "Fingerprints", "Guestfs", "Inventory", "Packages", "Signatures", subprocess,
        system,
      ])
    + room("Capture", ["Fingerprints", "Inventory", "Signatures", subprocess])
    + room("Lineage", ["Fingerprints", "Inventory", "Signatures"])
    + room("Events", [])
    + room("Catalog", ["Events", "Fingerprints", "Inventory", "Lineage", "Signatures", grdb, sqlite])
    + room("Reports", ["Catalog", "Fingerprints", "Inventory", "Lineage", "Signatures"])
    + [
      .executableTarget(
        name: "vmlineage",
        dependencies: [
          "Capture", "Catalog", "DiskFormats", "Events", "Fingerprints", "Guestfs", "Inventory", "Lineage", "Reports",
          "Scanner", "Signatures", argumentParser,
        ],
        path: "Sources/CLI", swiftSettings: settings,
        linkerSettings: [.unsafeFlags(["-static-stdlib"] + foundation)]),
      // Made-up file lists for scripts/bench-filelists.
      .executableTarget(
        name: "FileListBench", dependencies: ["Catalog", "Fingerprints", "Inventory", "Lineage", "TestSupport"],
        path: "Tests/FileListBench", swiftSettings: settings),
      .testTarget(name: "StructureTests", dependencies: ["TestSupport"], swiftSettings: settings),
      .testTarget(
        name: "CLITests", dependencies: ["TestSupport", subprocess], swiftSettings: settings),
    ]
)
