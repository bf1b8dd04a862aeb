import Foundation
import TestSupport
import Testing

@testable import Events

/// What `PlainReader` reads is what `JSONDecoder` reads.
struct PlainReaderTests {
  private static let lines = [
    #"{"id":"1","kind":"vm-state","at":"2026-01-01T00:00:00Z","vm":"v","state":"running","reporter":"r"}"#,
    #" { "id" : "é" , "kind":"action","at":"2026-01-01T00:00:00.5+02:00","action":"x","vms":["a", "b"],"expected":true } "#,
    #"{"id":"3","kind":"vm-settings","at":"2026-01-01T00:00:00Z","vm":"v","settings":{"a":"1","b":null},"images":[]}"#,
    #"{"id":"4","kind":"host-added","at":"2026-01-01T00:00:00Z","host":"h","group":"g","more":{"kept":"x"},"settings":{}}"#,
    "{}",
  ]
  private static let others = [
    #"{"id":"1","id":"2","kind":"action","at":"2026-01-01T00:00:00Z"}"#,
    #"{"id":"\u0031","kind":"action","at":"2026-01-01T00:00:00Z","vm":null,"name":"a\nb"}"#,
    #"{"id":"1","kind":"action","at":"2026-01-01T00:00:00Z","settings":{"a":1,"b":true},"more":[1,{"a":[]}]}"#,
    #"{"id":1,"kind":"action","at":"2026-01-01T00:00:00Z"}"#, "[]", "", "null", "{",
  ]

  /// Nil where it is refused.
  private func decoded(_ line: Data) -> EventFields? {
    do { return try EventFields(decoding: line) } catch { return nil }
  }

  @Test func `lines as nearly all are written are read without a decoder, and others are not`() {
    for line in Self.lines {
      let plain = EventFields(plain: [UInt8](line.utf8))
      #expect(plain != nil && plain == decoded(Data(line.utf8)), "\(line)")
    }
    for line in Self.others { #expect(EventFields(plain: [UInt8](line.utf8)) == nil, "\(line)") }
  }

  @Test func `a damaged line is never read in another way than the decoder reads it`() {
    var generator = SeededGenerator(seed: 5)
    let interesting = [UInt8]("\"\\{}[]:,tfn0 \t\n\u{1}é".utf8) + [0xFF, 0xC0, 0xED, 0xA0]
    var read = 0
    for line in Self.lines + Self.others {
      let bytes = [UInt8](line.utf8)
      var damaged = bytes.indices.map { Array(bytes[..<$0]) }
      for _ in 0..<3000 where !bytes.isEmpty {
        var copy = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let place = Int.random(in: copy.indices, using: &generator)
          let byte = interesting.randomElement(using: &generator) ?? 0
          switch Int.random(in: 0..<3, using: &generator) {
          case 0: copy[place] = byte
          case 1: copy.insert(byte, at: place)
          default: if copy.count > 1 { copy.remove(at: place) }
          }
        }
        damaged.append(copy)
      }
      for line in damaged {
        guard let plain = EventFields(plain: line) else { continue }
        read += 1
        #expect(plain == decoded(Data(line)), "\(String(decoding: line, as: UTF8.self))")
        #expect((try? JSONSerialization.jsonObject(with: Data(line))) is [String: Any])
      }
    }
    #expect(read > 100)
  }
}
