/// Tells how far reading is, a few times a second and not with each file.
final class Pace {
  private let tell: (Amount, Amount) -> Void
  private var all = Amount()
  private var done = Amount()
  private var told = ContinuousClock.now

  init(_ tell: @escaping (Amount, Amount) -> Void) { self.tell = tell }

  /// There is more to read.
  func expect(_ amount: Amount) {
    all.files += amount.files
    all.bytes = all.bytes.addingReportingOverflow(amount.bytes).partialValue
    tell(done, all)
  }

  /// A file of so many bytes is read.
  func read(_ bytes: UInt64) {
    done.files += 1
    done.bytes += bytes
    let now = ContinuousClock.now
    guard now - told > .milliseconds(200) || done.files >= all.files else { return }
    told = now
    tell(done, all)
  }
}
