import Files
import Foundation
import Planning

/// What a group needs to go on, with a hash of it, so that a damaged one is known as such and never built upon.
enum SealedState {
  private static let mark = Data("attnlab state 1\n".utf8)

  /// The mark, the SHA-256 in hexadecimal, and the state.
  static func seal(_ state: Data) -> Data { mark + Data(sha256(state).utf8) + state }

  /// The state as it was sealed.
  /// - Throws: `ExperimentError` if a byte of it is another one.
  static func open(_ sealed: Data) throws -> Data {
    // Versions before the seal stored the bare state, a property list.
    guard !sealed.starts(with: Data("bplist".utf8)) else { return sealed }
    guard sealed.starts(with: mark) else { throw ExperimentError("it does not begin as a checkpoint") }
    let rest = sealed.dropFirst(mark.count)
    let (hash, state) = (rest.prefix(64), Data(rest.dropFirst(64)))
    guard hash.elementsEqual(sha256(state).utf8) else {
      throw ExperimentError("its bytes are not those that were written")
    }
    return state
  }
}
