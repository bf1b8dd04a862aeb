extension EventKind {
  /// Every kind with its fields and what it means, as the help of `vmlineage record` has it. Fields in brackets may be left
  /// out.
  package static func help(indent: String) -> String {
    let width = (all.map(\.name.count).max() ?? 0) + 2
    return all.map { kind in
      let fields = kind.fields.map { use in
        let names = use.names.joined(separator: " or ")
        return use.isRequired ? names : "[\(names)]"
      }
      let space = { String(repeating: " ", count: width - $0) }
      return """
        \(indent)\(kind.name)\(space(kind.name.count))\(fields.joined(separator: ", "))
        \(indent)\(space(0))\(kind.meaning)
        """
    }.joined(separator: "\n")
  }
}
