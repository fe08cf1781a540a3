import Files
import Foundation

/// What a group needs to go on, with a hash of it, so that a damaged one is known as such and never built upon.
enum SealedState {
  private static let mark = Data("attnlab state 1\n".utf8)

  /// The mark, the SHA-256 in hexadecimal, and the state.
  static func seal(_ state: Data) -> Data { mark + Data(sha256(state).utf8) + state }

  /// The state as it was sealed.
  static func open(_ sealed: Data) throws(SealFault) -> Data {
    guard sealed.starts(with: mark) else { throw .noMark }
    let rest = sealed.dropFirst(mark.count)
    let (hash, state) = (rest.prefix(64), Data(rest.dropFirst(64)))
    guard hash.elementsEqual(sha256(state).utf8) else { throw .otherBytes }
    return state
  }
}

/// How a sealed state is not what was sealed.
enum SealFault: Error, Hashable, CustomStringConvertible {
  case noMark
  case otherBytes

  var description: String {
    switch self {
    case .noMark: "it does not begin as a checkpoint"
    case .otherBytes: "its bytes are not those that were written"
    }
  }
}

/// Why a group does not go on from its checkpoint: it is then made anew, so that nothing is built upon what is wrong.
enum UnusableCheckpoint: Error, Hashable, CustomStringConvertible {
  /// The state cannot be read.
  case unreadable(step: Int, reason: String)
  /// The state is that after another step than the row says.
  case stale(step: Int, found: Int)
  /// The state holds latents of an unfinished run that are not finite.
  case broken(step: Int, run: String)
  /// Files that steps before have left are not all there.
  case lacksFiles(step: Int)

  var description: String {
    switch self {
    case .unreadable(let step, let reason): "its checkpoint after step \(step) is damaged (\(reason))"
    case .stale(let step, let found):
      "its checkpoint after step \(step) is damaged (it holds the state after step \(found))"
    case .broken(let step, let run):
      "its checkpoint after step \(step) is damaged (the latents of run \(run.prefix(16)) are not finite)"
    case .lacksFiles: "predicted pictures or latents of it are missing"
    }
  }
}
