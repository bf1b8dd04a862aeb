import Foundation
import TestSupport
import Testing

@Suite struct DoctorTests {
  @Test func `boots an appliance and says so in a document of its schema`() async throws {
    let finished = try await Program.run(["doctor", "--format", "json"])
    #expect(finished.status == 0, "\(finished.text)\(finished.errorText)")
    try withTemporaryFolder { folder in
      let document = folder.appending(path: "doctor.json")
      try finished.output.write(to: document)
      let schema = packageFolder.appending(path: "Signatures/schemas/vmlineage.doctor-1.json").path
      let checker = packageFolder.appending(path: ".build/python/bin/check-jsonschema").path
      let checked = try run([checker, "--schemafile", schema, document.path])
      #expect(checked.status == 0, "\(checked.text)")
    }
  }
}
