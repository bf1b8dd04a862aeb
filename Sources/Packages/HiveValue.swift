internal import CHivex

extension Hive {
  /// One value's data as it is stored, decoded on demand. Guests store text with odd lengths, without its terminator and
  /// with half surrogates; none of that may trap.
  struct Value {
    /// REG_SZ and so on, as stored; not trusted to be one that is known.
    let kind: UInt32
    let bytes: [UInt8]

    /// Text of a REG_SZ or REG_EXPAND_SZ up to its first NUL (UTF-16LE; a half unit at the end is dropped).
    var string: String? {
      guard kind == hive_t_REG_SZ.rawValue || kind == hive_t_REG_EXPAND_SZ.rawValue else { return nil }
      return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    }

    /// The texts of a REG_MULTI_SZ, up to the first empty one.
    var strings: [String]? {
      guard kind == hive_t_REG_MULTI_SZ.rawValue else { return nil }
      return units.split(separator: 0, omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        .map { String(decoding: $0, as: UTF16.self) }
    }

    /// A REG_DWORD of exactly four bytes.
    var dword: UInt32? {
      guard bytes.count == 4 else { return nil }
      let little = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      switch kind {
      case hive_t_REG_DWORD.rawValue: return little
      case hive_t_REG_DWORD_BIG_ENDIAN.rawValue: return little.byteSwapped
      default: return nil
      }
    }

    private var units: [UInt16] {
      stride(from: 1, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 - 1]) }
    }
  }
}
