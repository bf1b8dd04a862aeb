package import Foundation

/// A time on the wire: ISO 8601 with seconds, their fraction or not, and `Z` or an offset.
package struct EventTime: Sendable, Equatable {
  /// Since 1970 in UTC.
  package var milliseconds: Int64
}

extension EventTime {
  /// The same as Foundation has it.
  package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

  /// A time as people type it: a day alone, which begins at midnight; without seconds; without an offset, which is UTC.
  package init?(typed text: String) {
    let whole = text.utf8.count == 10 ? "\(text)T00:00:00Z" : text
    let minute = "\(whole.prefix(16)):00\(whole.dropFirst(16))"
    let times = [whole, "\(whole)Z", minute, "\(minute)Z"].lazy.compactMap { EventTime($0) }
    guard let time = times.first else { return nil }
    self = time
  }

  /// Nil for text that is no such time, or one before 1970.
  package init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    func skip(_ character: Character) -> Bool {
      guard rest.first == character.asciiValue else { return false }
      rest.removeFirst()
      return true
    }
    func number(_ digits: Int, _ range: ClosedRange<Int64>) -> Int64? {
      guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (48...57).contains($0) }) else { return nil }
      let value = rest.prefix(digits).reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
      rest.removeFirst(digits)
      return range.contains(value) ? value : nil
    }
    guard let year = number(4, 1970...9999), skip("-"), let month = number(2, 1...12), skip("-"),
      let day = number(2, 1...31), day <= Self.days(month, year), skip("T") || skip("t") || skip(" "),
      let hour = number(2, 0...23), skip(":"), let minute = number(2, 0...59), skip(":"), let second = number(2, 0...60)
    else { return nil }
    var fraction: Int64 = 0
    if skip(".") || skip(",") {
      let digits = rest.prefix { (48...57).contains($0) }
      if digits.isEmpty { return nil }
      for position in 0..<3 { fraction = fraction * 10 + Int64(digits.dropFirst(position).first.map { $0 - 48 } ?? 0) }
      rest.removeFirst(digits.count)
    }
    var offset: Int64 = 0
    if !skip("Z"), !skip("z") {
      let sign: Int64 = skip("+") ? 1 : -1
      guard sign == 1 || skip("-"), let hours = number(2, 0...23), skip(":") || true, let minutes = number(2, 0...59)
      else { return nil }
      offset = sign * (hours * 60 + minutes)
    }
    let time = ((Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    guard rest.isEmpty, time >= 0 else { return nil }
    milliseconds = time * 1000 + fraction
  }

  private static func days(_ month: Int64, _ year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// In the Gregorian calendar, counted in years that begin in March (Howard Hinnant, "chrono-Compatible Low-Level Date
  /// Algorithms", days_from_civil).
  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
