internal import Foundation
internal import Inventory

/// Lines of a file or a pipe, in batches: a batch goes on when it is full, or when nothing came for a while.
struct EventLines {
  /// How many lines share one commit at most, and how long the first of them waits for more. Many, for what arrives late
  /// has histories told again once a commit, and a page that many events change is written once.
  private static let most = 50_000
  /// In bytes: where lines are long, fewer of them share a commit.
  private static let mostBytes = 32 << 20
  private static let patience = 0.2
  /// No event is longer; what is cannot fill the memory.
  private static let longest = 1 << 20

  private let input: FileHandle
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)
  private var rest: [UInt8] = []
  private var lines: [(number: Int, text: Data)] = []
  private var bytes = 0
  private var number = 0
  private var isTooLong = false
  private var isAtEnd = false

  init(_ input: FileHandle) { self.input = input }

  /// Numbered from 1, blank ones left out; empty at the end. A line that is too long comes empty.
  /// - Throws: `Problem` where the input cannot be read.
  mutating func next() throws -> [(number: Int, text: Data)] {
    let start = Date()
    while lines.count < Self.most, bytes < Self.mostBytes, !isAtEnd {
      let waited = Date().timeIntervalSince(start)
      if !lines.isEmpty, waited >= Self.patience || !isReady(within: Self.patience - waited) { break }
      // FileHandle would wait until all that it may read has come.
      let count = read(input.fileDescriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        throw Problem(
          code: "unreadable", operation: "read events", subject: "input", reason: String(cString: strerror(errno)))
      }
      cut(buffer[..<count])
      if count > 0 { continue }
      isAtEnd = true
      if !rest.isEmpty || isTooLong { take(rest) }
    }
    let batch = Array(lines.prefix(Self.most))
    lines.removeFirst(batch.count)
    bytes = lines.reduce(0) { $0 + $1.text.count }
    return batch
  }

  private mutating func cut(_ read: ArraySlice<UInt8>) {
    var pieces = read.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    while let piece = pieces.popFirst() {
      if rest.count + piece.count > Self.longest { isTooLong = true } else { rest += piece }
      if pieces.isEmpty { return }
      take(rest)
    }
  }

  private mutating func take(_ line: [UInt8]) {
    number += 1
    if isTooLong {
      lines.append((number, Data()))
    } else if line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") })
    {
      lines.append((number, Data(line)))
      bytes += line.count
    }
    rest = []
    isTooLong = false
  }

  private func isReady(within seconds: Double) -> Bool {
    var descriptor = pollfd(fd: input.fileDescriptor, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, Int32(max(0, seconds) * 1000)) != 0
  }
}
