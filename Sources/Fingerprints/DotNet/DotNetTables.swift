// The tables of ECMA-335 II.22 up to Assembly, by number: what each column is. Tables stand one after another, so the
// sizes of all before a table say where it is; an index has 4 bytes where what it points to is large (II.24.2.6).

/// One column of a metadata table.
enum DotNetColumn {
  case fixed(UInt64)
  case string, guid, blob
  /// A row of one table.
  case row(Int)
  /// A row of one of several tables, the number of which is in the lowest bits.
  case coded(bits: UInt64, [Int])
}

private typealias Column = DotNetColumn

private let typeDefOrRef = Column.coded(bits: 2, [0x02, 0x01, 0x1B])
private let hasConstant = Column.coded(bits: 2, [0x04, 0x08, 0x17])
private let hasCustomAttribute = Column.coded(
  bits: 5,
  [
    0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0A, 0x00, 0x0E, 0x17, 0x14, 0x11, 0x1A, 0x1B, 0x20, 0x23, 0x26, 0x27, 0x28,
    0x2A, 0x2C, 0x2B,
  ])
private let hasFieldMarshal = Column.coded(bits: 1, [0x04, 0x08])
private let hasDeclSecurity = Column.coded(bits: 2, [0x02, 0x06, 0x20])
private let memberRefParent = Column.coded(bits: 3, [0x02, 0x01, 0x1A, 0x06, 0x1B])
private let hasSemantics = Column.coded(bits: 1, [0x14, 0x17])
private let methodDefOrRef = Column.coded(bits: 1, [0x06, 0x0A])
private let memberForwarded = Column.coded(bits: 1, [0x04, 0x06])
private let customAttributeType = Column.coded(bits: 3, [0x06, 0x0A])
private let resolutionScope = Column.coded(bits: 2, [0x00, 0x1A, 0x23, 0x01])

/// Columns of the tables 0x00 to 0x20.
let dotNetTables: [[DotNetColumn]] = [
  /* 00 Module */ [.fixed(2), .string, .guid, .guid, .guid],
  /* 01 TypeRef */ [resolutionScope, .string, .string],
  /* 02 TypeDef */ [.fixed(4), .string, .string, typeDefOrRef, .row(0x04), .row(0x06)],
  /* 03 FieldPtr */ [.row(0x04)],
  /* 04 Field */ [.fixed(2), .string, .blob],
  /* 05 MethodPtr */ [.row(0x06)],
  /* 06 MethodDef */ [.fixed(4), .fixed(2), .fixed(2), .string, .blob, .row(0x08)],
  /* 07 ParamPtr */ [.row(0x08)],
  /* 08 Param */ [.fixed(2), .fixed(2), .string],
  /* 09 InterfaceImpl */ [.row(0x02), typeDefOrRef],
  /* 0A MemberRef */ [memberRefParent, .string, .blob],
  /* 0B Constant */ [.fixed(2), hasConstant, .blob],
  /* 0C CustomAttribute */ [hasCustomAttribute, customAttributeType, .blob],
  /* 0D FieldMarshal */ [hasFieldMarshal, .blob],
  /* 0E DeclSecurity */ [.fixed(2), hasDeclSecurity, .blob],
  /* 0F ClassLayout */ [.fixed(2), .fixed(4), .row(0x02)],
  /* 10 FieldLayout */ [.fixed(4), .row(0x04)],
  /* 11 StandAloneSig */ [.blob],
  /* 12 EventMap */ [.row(0x02), .row(0x14)],
  /* 13 EventPtr */ [.row(0x14)],
  /* 14 Event */ [.fixed(2), .string, typeDefOrRef],
  /* 15 PropertyMap */ [.row(0x02), .row(0x17)],
  /* 16 PropertyPtr */ [.row(0x17)],
  /* 17 Property */ [.fixed(2), .string, .blob],
  /* 18 MethodSemantics */ [.fixed(2), .row(0x06), hasSemantics],
  /* 19 MethodImpl */ [.row(0x02), methodDefOrRef, methodDefOrRef],
  /* 1A ModuleRef */ [.string],
  /* 1B TypeSpec */ [.blob],
  /* 1C ImplMap */ [.fixed(2), memberForwarded, .string, .row(0x1A)],
  /* 1D FieldRVA */ [.fixed(4), .row(0x04)],
  /* 1E EncLog */ [.fixed(4), .fixed(4)],
  /* 1F EncMap */ [.fixed(4)],
  /* 20 Assembly */ [.fixed(4), .fixed(2), .fixed(2), .fixed(2), .fixed(2), .fixed(4), .blob, .string, .string],
]
