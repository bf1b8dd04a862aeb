/// Every reader there is. A new one is a file of its own and a line here.
package let packageReaders: [any PackageReader] = [
  OSIdentityReader(),
  DPKGReader(),
  RPMReader(),
  APKReader(),
  PacmanReader(),
  DotNetReader(),
  GemReader(),
  GoReader(),
  JarReader(),
  NPMReader(),
  PackageNoteReader(),
  PythonReader(),
  RustReader(),
  VersionResourceReader(),
  WindowsReader(),
]
