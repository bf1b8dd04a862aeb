/// Why an image is not read: one line for people, a code for scripts, and what its header said as far as it was read.
package struct DiskFormatError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The raw values are `error.code` of the JSON documents.
  package enum Code: String, Sendable {
    /// The file cannot be opened.
    case cannotOpen = "cannot-open"
    /// Neither a regular file nor a block device.
    case notAFile = "not-a-file"
    /// Reading failed.
    case unreadable
    /// No bytes at all.
    case empty
    /// No known header, and nothing that shows a raw disk.
    case unrecognised = "not-an-image"
    /// One file or many in a packed form.
    case archive
    /// An image in a format of another program.
    case otherFormat = "other-format"
    /// The headers of more than one format, or another one than was stated.
    case ambiguous
    /// The file ends before what its header and tables say.
    case truncated
    /// The header contradicts itself or its specification.
    case damaged
    /// A part of the format that is not known here.
    case unsupported
    /// The image names other files.
    case refersOutside = "refers-outside"
    /// The image holds only the differences to a parent, and cannot be read with it.
    case differencing
    /// The layers form a loop, or are too many.
    case loop
  }

  package var code: Code
  /// What was being done: `read header`, `open`, `follow backing file`, …
  package var operation: String
  /// The file.
  package var subject: String
  package var reason: String
  /// The way out, where there is one.
  package var remedy: String?
  /// What was read of the header before the error, so that the edge to a parent is kept.
  package var header: DiskHeader?

  package init(
    _ code: Code, operation: String = "read header", subject: String, reason: String, remedy: String? = nil,
    header: DiskHeader? = nil
  ) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.reason = reason
    self.remedy = remedy
    self.header = header
  }

  /// One line. Names inside are as found: whoever prints them escapes them.
  package var description: String {
    "\(subject): \(operation): \(reason)" + (remedy.map { "; \($0)" } ?? "")
  }

  /// The same error with what is known of the image.
  func carrying(_ header: DiskHeader) -> Self {
    var error = self
    error.header = error.header ?? header
    return error
  }
}
