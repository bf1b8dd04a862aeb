/// Makes a hive readable around what is broken in it: Windows, too, puts an empty bin where one is broken. The library reads
/// nothing of a hive in which one bin or cell is broken.
struct HiveMending {
  private(set) var hive: [UInt8]
  /// Bins and cells that were broken, and where in the file the first one is.
  private(set) var count = 0
  private(set) var first: Int?

  init(_ hive: [UInt8]) {
    self.hive = hive
    guard let base = HiveBaseBlock(hive), hive.count >= 2 * HiveBaseBlock.length else { return }
    let held = hive.count / HiveBaseBlock.length * HiveBaseBlock.length
    let end = min(held, HiveBaseBlock.length + (base.binsSize + 4095) / 4096 * 4096)
    var place = HiveBaseBlock.length
    while place < end {
      if let size = self.hive.little32(place + 8).map({ Int($0) }), self.hive.holds("hbin", at: place), size > 0,
        size % HiveBaseBlock.length == 0, size <= end - place
      {
        mendCells(place + 32..<place + size)
        place += size
      } else {
        note(place)
        emptyBin(place)
        place += HiveBaseBlock.length
      }
    }
    HiveBaseBlock.settle(&self.hive, sequence: base.secondary, binsSize: end - HiveBaseBlock.length)
  }

  /// A cell begins with its size, negative where it is used. Behind a broken one no other can be found: one free cell fills
  /// the bin.
  private mutating func mendCells(_ cells: Range<Int>) {
    var place = cells.lowerBound
    while place < cells.upperBound {
      let size = hive.little32(place).map { Int(Int32(bitPattern: $0).magnitude) } ?? 0
      guard size >= 8, size % 8 == 0, size <= cells.upperBound - place else {
        note(place)
        hive.setLittle32(place, UInt32(cells.upperBound - place))
        return
      }
      place += size
    }
  }

  private mutating func emptyBin(_ place: Int) {
    for offset in place..<place + HiveBaseBlock.length { hive[offset] = 0 }
    hive.replaceSubrange(place..<place + 4, with: Array("hbin".utf8))
    hive.setLittle32(place + 4, UInt32(place - HiveBaseBlock.length))
    hive.setLittle32(place + 8, UInt32(HiveBaseBlock.length))
    hive.setLittle32(place + 32, UInt32(HiveBaseBlock.length - 32))
  }

  private mutating func note(_ place: Int) {
    count += 1
    first = first ?? place
  }
}
