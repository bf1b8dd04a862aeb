/// Whether a version is older than another, by what versions have in common: runs of digits compare as numbers, runs of
/// letters as words, digits are newer than letters, `~` and words such as `rc` come before the end.
func isOlder(_ left: String, _ right: String) -> Bool {
  let (a, b) = (versionParts(left), versionParts(right))
  for position in 0..<max(a.count, b.count) {
    let (x, y) = (position < a.count ? a[position] : "", position < b.count ? b[position] : "")
    if x != y, let order = compare(x, y) { return order }
  }
  return left < right
}

/// Of two unequal parts, whether the first is older; nil where they are the same number written twice.
private func compare(_ left: Substring, _ right: Substring) -> Bool? {
  let (x, y) = (rank(left), rank(right))
  if x != y { return x < y }
  guard left.first?.isNumber == true else { return left < right }
  let (a, b) = (left.drop { $0 == "0" }, right.drop { $0 == "0" })
  if a == b { return nil }
  return a.count != b.count ? a.count < b.count : a < b
}

private func rank(_ part: Substring) -> Int {
  let early: Set<Substring> = ["~", "dev", "a", "alpha", "b", "beta", "pre", "preview", "rc"]
  if early.contains(part) { return 0 }
  if part.isEmpty { return 1 }
  return part.first?.isNumber == true ? 3 : 2
}

private func versionParts(_ version: String) -> [Substring] {
  func kind(_ character: Character) -> Int {
    character.isASCII && character.isNumber ? 0 : character.isLetter ? 1 : character == "~" ? 2 : 3
  }
  var parts: [Substring] = []
  var rest = version.lowercased()[...]
  while let first = rest.first {
    let part = rest.prefix { kind($0) == kind(first) }
    if kind(first) != 3 { parts.append(part) }
    rest = rest.dropFirst(part.count)
  }
  return parts
}
