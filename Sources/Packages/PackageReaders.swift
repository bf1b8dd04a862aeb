/// Every reader there is. A new one is a file of its own and a line here. What they may hold in memory together goes to the
/// first ones first, so that archives, which are large, come last.
package let packageReaders: [any PackageReader] = [
  OSIdentityReader(),
  DPKGReader(),
  RPMReader(),
  APKReader(),
  PacmanReader(),
  DotNetReader(),
  GemReader(),
  GoReader(),
  NPMReader(),
  PackageNoteReader(),
  PythonReader(),
  RustReader(),
  VersionResourceReader(),
  WindowsReader(),
  UnreadManagersReader(),
  JarReader(),
]
