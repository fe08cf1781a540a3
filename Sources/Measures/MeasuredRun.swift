import Foundation
import Tensors

/// A finished picture as metrics see it: read when it is first asked for, and what instruments read off it is kept.
public final class MeasuredRun {
  /// What the picture was asked to show.
  public let prompt: String
  /// The picture's file; nil for one that is in memory alone.
  public let file: URL?
  private let load: () throws -> Picture
  private var kept: Picture?
  var reading: SceneReading?
  var embedding: [Float]?

  /// - Parameter load: called once; and again after `release`.
  public init(prompt: String, file: URL? = nil, load: @escaping () throws -> Picture) {
    self.prompt = prompt
    self.file = file
    self.load = load
  }

  public convenience init(prompt: String, picture: Picture) {
    self.init(prompt: prompt) { picture }
  }

  /// - Throws: what reading the file throws.
  public func picture() throws -> Picture {
    if let kept { return kept }
    let picture = try load()
    kept = picture
    return picture
  }

  /// Forgets the picture, not what was read off it: a thousand readings take little memory.
  public func release() { kept = nil }
}

/// An edited picture and the source that it was made from.
public struct MeasuredEdit {
  public let edit: MeasuredRun
  public let source: MeasuredRun

  public init(_ edit: MeasuredRun, source: MeasuredRun) {
    self.edit = edit
    self.source = source
  }
}
