/// What became of one reported event.
package enum RecordOutcome: Sendable, Equatable {
  /// Stored for good.
  case recorded(warning: String? = nil)
  /// The same event was stored before.
  case repeated
  case refused(reason: String)
}
