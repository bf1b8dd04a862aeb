import Foundation
import TestSupport
import Testing

@testable import Fingerprints

struct DotNetTests {
  /// Assemblies of the Python packages that the tests use.
  private static let assemblies = [
    "pythonnet/runtime/Python.Runtime.dll", "clr_loader/ffi/dlls/amd64/ClrLoader.dll",
    "clr_loader/ffi/dlls/x86/ClrLoader.dll",
  ]

  private func place(_ name: String) throws -> URL {
    let packages = try python("import sysconfig; print(sysconfig.get_path('purelib'))", [])
    return URL(fileURLWithPath: packages.trimmingCharacters(in: .whitespacesAndNewlines)).appending(path: name)
  }

  @Test(arguments: assemblies)
  func `agrees with dnfile`(name: String) throws {
    let program = """
      import dnfile, hashlib, json, sys
      pe = dnfile.dnPE(sys.argv[1])
      tables = pe.net.mdtables
      row = tables.Assembly.rows[0]
      said = {'mvid': str(pe.net.guids.get(tables.Module.rows[0].struct.Mvid_GuidIndex)).lower(), 'name': str(row.Name)}
      said['AssemblyVersion'] = f'{row.MajorVersion}.{row.MinorVersion}.{row.BuildNumber}.{row.RevisionNumber}'
      key = row.PublicKey.value if hasattr(row.PublicKey, 'value') else row.PublicKey
      if key: said['PublicKeyToken'] = hashlib.sha1(bytes(key)).digest()[:-9:-1].hex()
      for a in tables.CustomAttribute.rows:
          if a.Parent.table.name != 'Assembly' or a.Type.table.name != 'MemberRef': continue
          owner = a.Type.row.Class.row
          value = a.Value.value if hasattr(a.Value, 'value') else a.Value
          kept = ('InformationalVersion', 'FileVersion', 'Product', 'Title', 'Company', 'Configuration')
          name = str(owner.TypeName).removesuffix('Attribute')
          if name in ['Assembly' + k for k in kept] + ['TargetFramework']:
              said[name] = bytes(value)[3:3 + value[2]].decode()
      print(json.dumps(said))
      """
    let file = try place(name)
    var told = try JSONDecoder().decode([String: String].self, from: Data(try python(program, [file.path]).utf8))
    let found = try fingerprint(at: file)
    #expect(found.kind == .dotnet)
    #expect(found.problem == nil)
    let assembly = try #require(found.description(.dotnetAssembly))
    #expect(found.mark(.mvid) == told.removeValue(forKey: "mvid"))
    #expect(assembly.name == told.removeValue(forKey: "name"))
    #expect(assembly.fields == told)
    #expect(told["TargetFramework"]?.isEmpty == false)
    let parts = try #require(told["AssemblyInformationalVersion"]).split(separator: "+")
    #expect(assembly.version == String(parts[0]))
    #expect(assembly.revision == (parts.count > 1 ? String(parts[1]) : nil))
    let ends = try #require(outline(of: try Data(contentsOf: file)))
    #expect(ends.kind == .dotnet)
    #expect(ends.selfDescribes)
    #expect(found.mark(.authenticode) == (try authentihash(file)))
  }

  @Test func `returns whatever the bytes are`() throws {
    let data = try Data(contentsOf: try place(Self.assemblies[1]))
    mutate(data, seed: 0xD07, rounds: 600)
  }
}
