/// By which files one sees that something is installed, or packed away, that is not read.
struct Trace: Sendable {
  enum Kind: Hashable, Sendable {
    /// A package manager, by the name that people know, and what it holds.
    case manager(String, of: String)
    /// A container engine, and whether it is an image or a container.
    case containers(String, of: String)
    /// An archive or disk image: what it is.
    case archive(String)
  }

  let kind: Kind
  let pattern: PathPattern
  /// How many names at the end belong to what is counted; those before are the place where it is kept.
  let depth: Int
  /// How many names below that place tell one from another; 0 where files do not tell how many there are.
  let counted: Int
  /// What the file holds once for each.
  var mark: String?
  /// The pattern from the root of the system, and where else it is worth a look.
  let places: [String]

  /// `place` and `item` make up the pattern. `counted` names of the item tell one from another, else what `mark` says.
  init(
    _ kind: Kind, _ place: String, _ item: String, counted: Int = 0, mark: String? = nil, below roots: [String] = []
  ) {
    self.kind = kind
    self.counted = counted
    self.mark = mark
    let path = place.isEmpty ? item : place + "/" + item
    pattern = PathPattern(path)
    depth = item.split(separator: "/").count
    places = pattern.isAnchored ? [String(path.dropFirst())] : roots.map { $0 + "/" + path }
  }
}

/// All of them. The places are those of each manager's own documentation or sources.
let unreadTraces: [Trace] = systemManagers + otherManagers + languageManagers + containerStores + packedFiles

private func manager(
  _ name: String, _ place: String, _ item: String, counted: Int = 0, mark: String? = nil, of what: String = "packages",
  below roots: [String] = []
) -> Trace {
  Trace(.manager(name, of: what), place, item, counted: counted, mark: mark, below: roots)
}

/// Those that whole systems are made of.
private let systemManagers: [Trace] = [
  // opkg's status is in the form of dpkg's; Entware keeps its own below /opt, an overlay of OpenWrt below upper.
  manager("opkg", "/usr/lib/opkg", "status", mark: "\nPackage:"),
  manager("opkg", "/var/lib/opkg", "status", mark: "\nPackage:"),
  manager("opkg", "/opt/lib/opkg", "status", mark: "\nPackage:"),
  manager("opkg", "/upper/usr/lib/opkg", "status", mark: "\nPackage:"),
  manager("Portage", "/var/db/pkg", "*/*/*", counted: 2),
  manager("Paludis", "/var/db/paludis/repositories/installed/data", "*/*/*", counted: 2),
  manager("pkgtools", "/var/lib/pkgtools/packages", "*", counted: 1),
  manager("pkgtools", "/var/log/packages", "*", counted: 1),
  manager("XBPS", "/var/db/xbps", "pkgdb-*.plist", mark: "<key>pkgver</key>"),
  manager("Nix", "/nix/var/nix/db", "db.sqlite"),
  manager("Guix", "/var/guix/db", "db.sqlite"),
  manager("eopkg", "/var/lib/eopkg/package", "*/metadata.xml", counted: 1),
  manager("PiSi", "/var/lib/pisi/package", "*/metadata.xml", counted: 1),
  manager("swupd", "/usr/share/clear/bundles", "*", counted: 1, of: "bundles"),
  manager("KISS", "/var/db/kiss/installed", "*/manifest", counted: 1),
  manager("CRUX pkgutils", "/var/lib/pkg", "db"),
  manager("Tiny Core", "tce/optional", "*.tcz", counted: 1, of: "extensions", below: ["", "mnt/sda1"]),
  manager("Puppy", "/root/.packages", "woof-installed-packages"),
  manager("Puppy", "/var/packages", "woof-installed-packages"),
  manager("FreeBSD pkg", "/var/db/pkg", "local.sqlite"),
  manager("pkg_add", "/var/db/pkg", "*/+CONTENTS", counted: 1),
  manager("pkgsrc", "/usr/pkg/pkgdb", "*/+CONTENTS", counted: 1),
  manager("pkgsrc", "/var/db/pkgsrc", "*/+CONTENTS", counted: 1),
  manager("pkgsrc", "/opt/local/.pkgdb", "*/+CONTENTS", counted: 1),
  manager("IPS", "/var/pkg", "pkg5.image"),
  manager("Android", "/system/app", "*/*.apk", counted: 1, of: "apps"),
  manager("Android", "/system/priv-app", "*/*.apk", counted: 1, of: "apps"),
]

private let condaRoots =
  ["opt/conda", "usr/local"]
  + ["opt", "root", "home/*"].flatMap { home in ["miniconda3", "anaconda3", "miniforge3"].map { "\(home)/\($0)" } }

/// Those that stand beside a system's own.
private let otherManagers: [Trace] = [
  manager("snap", "/var/lib/snapd/snaps", "*.snap", counted: 1, of: "snaps"),
  manager("snap", "system-data/var/lib/snapd/snaps", "*.snap", counted: 1, of: "snaps", below: [""]),
  manager(
    "Flatpak", "flatpak/app", "*/*/*/*/metadata", counted: 1, of: "apps", below: ["var/lib", "home/*/.local/share"]),
  manager(
    "Homebrew", "Cellar", "*/*/INSTALL_RECEIPT.json", counted: 1,
    below: [
      "home/linuxbrew/.linuxbrew", "usr/local", "opt/homebrew",
    ]),
  manager("conda", "conda-meta", "*.json", counted: 1, below: condaRoots),
  manager("MacPorts", "/opt/local/var/macports/registry", "registry.db"),
  manager("Chocolatey", "/ProgramData/chocolatey/lib", "*/*.nuspec", counted: 1),
  manager("Chocolatey", "/ProgramData/chocolatey/lib", "*/*.nupkg", counted: 1),
  manager("Scoop", "scoop/apps", "*/*/manifest.json", counted: 1, below: ["Users/*", "ProgramData"]),
  manager("WinGet", "Microsoft/WinGet/Packages", "*/*.exe", counted: 1, below: ["Users/*/AppData/Local"]),
  manager("Cygwin", "etc/setup", "installed.db", mark: ".tar.", below: ["cygwin64", "cygwin"]),
  manager("MSYS2", "/msys64/var/lib/pacman/local", "*/desc", counted: 1),
]

/// Those of programming languages: anywhere but in what a distribution itself ships below `usr`.
private let languageManagers: [Trace] = [
  manager("Composer", "vendor", "composer/installed.json", mark: "\"version_normalized\""),
  manager("CPAN", "auto", "*/.packlist", counted: 1, of: "distributions"),
  manager("CPAN", "auto", "*/*/.packlist", counted: 2, of: "distributions"),
  manager("CPAN", "auto", "*/*/*/.packlist", counted: 3, of: "distributions"),
  manager("R", "library", "*/DESCRIPTION", counted: 1),
  manager("R", "site-library", "*/DESCRIPTION", counted: 1),
  manager("R", "*-library", "*/*/DESCRIPTION", counted: 2),
  manager("cargo install", ".cargo", ".crates.toml", mark: "\n\"", of: "programs"),
  manager("cargo install", "usr/local/cargo", ".crates.toml", mark: "\n\"", of: "programs"),
  manager("LuaRocks", "rocks-5.*", "*/*/rock_manifest", counted: 2, of: "rocks"),
  manager("Cabal", "package.db", "*.conf", counted: 1),
  manager("GHC", "package.conf.d", "*.conf", counted: 1),
  manager("opam", ".opam-switch/packages", "*/opam", counted: 1),
  manager("Nimble", ".nimble/pkgs2", "*/nimblemeta.json", counted: 1),
  manager("Nimble", ".nimble/pkgs", "*/nimblemeta.json", counted: 1),
  manager("Julia", ".julia/packages", "*/*/Project.toml", counted: 1),
  manager("Erlang", "lib", "*/ebin/*.app", counted: 1, of: "applications"),
  manager("Conan", ".conan/data", "*/*/*/*/package/*/conaninfo.txt", counted: 2),
  manager("Conan", ".conan2/p", "*/p/conaninfo.txt", counted: 1),
  manager("Conan", ".conan2/p/b", "*/p/conaninfo.txt", counted: 1),
  manager("vcpkg", "installed/vcpkg/info", "*.list", counted: 1),
  manager("Bower", "bower_components", "*/.bower.json", counted: 1),
  // Yarn's Plug'n'Play has no node_modules: Node loads from the archives (Yarn documentation, "Plug'n'Play").
  manager("Yarn", ".yarn/cache", "*.zip", counted: 1),
  manager("Yarn", ".yarn/berry/cache", "*.zip", counted: 1),
]

private func containers(
  _ engine: String, _ place: String, _ item: String, counted: Int = 0, of what: String = "images",
  below roots: [String] = []
) -> Trace {
  Trace(.containers(engine, of: what), place, item, counted: counted, below: roots)
}

private let containerStores: [Trace] = [
  containers("Docker", "/var/lib/docker", "image/*/imagedb/content/sha256/*", counted: 5),
  containers("Docker", "/var/lib/docker", "containers/*/config.v2.json", counted: 2, of: "containers"),
  containers(
    "Podman", "containers/storage", "*-images/*/manifest", counted: 2, below: ["var/lib", "home/*/.local/share"]),
  containers(
    "Podman", "containers/storage", "*-containers/*/userdata/config.json", counted: 2, of: "containers",
    below: ["var/lib", "home/*/.local/share"]),
  containers(
    "containerd", "containerd/io.containerd.metadata.v1.bolt", "meta.db",
    below: [
      "var/lib", "var/lib/rancher/k3s/agent",
    ]),
  containers("LXC", "/var/lib/lxc", "*/config", counted: 1, of: "containers"),
  containers("LXD", "/var/lib/lxd/database/global", "db.bin", of: "containers"),
  containers("LXD", "/var/snap/lxd/common/lxd/database/global", "db.bin", of: "containers"),
  containers("Incus", "/var/lib/incus/database/global", "db.bin", of: "containers"),
  containers("systemd-nspawn", "/var/lib/machines", "*/usr/lib/os-release", counted: 1, of: "containers"),
]

private let packedFiles: [Trace] =
  [
    ("a disk image", ["qcow2", "vmdk", "vhd", "vhdx", "vdi", "ova"]), ("an ISO image", ["iso"]),
    ("a file system image", ["squashfs", "sqsh", "sfs", "erofs"]), ("an AppImage", ["AppImage"]),
    ("a snap", ["snap"]), ("a Flatpak bundle", ["flatpak"]), ("a Singularity image", ["sif"]),
    ("an Electron archive", ["asar"]), ("a PHP archive", ["phar"]), ("a Python archive", ["pex", "pyz"]),
  ].flatMap { what, extensions in extensions.map { Trace(.archive(what), "", "*." + $0) } }
  + [Trace(.archive("a disk image"), "/var/lib/libvirt/images", "*")]
