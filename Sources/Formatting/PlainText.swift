import Foundation

/// An error as a sentence for a reader: our own types describe themselves, Foundation's are put into words.
package func plainText(of error: any Error) -> String {
  guard let cocoa = error as? CocoaError else { return "\(error)" }
  let path = cocoa.filePath ?? cocoa.url?.path
  let reason = (cocoa.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
  let fallback = cocoa.code == .fileReadNoSuchFile ? "no such file" : cocoa.localizedDescription
  return [path, reason ?? fallback].compactMap { $0 }.joined(separator: ": ")
}
