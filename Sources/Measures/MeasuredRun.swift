import Analysis
import Foundation
import Tensors

/// A finished picture as metrics see it: read when it is first asked for, and what instruments read off it is kept.
public final class MeasuredRun {
  /// What the picture was asked to show.
  public let prompt: String
  private let locate: () throws -> URL?
  private let load: () throws -> Picture
  private var kept: Picture?
  private let loadWords: () throws -> [MeasuredWord]
  private var keptWords: [MeasuredWord]?
  /// By the scene reader that made them.
  var readings: [Instrument: SceneReading] = [:]
  var embedding: [Float]?
  /// Mean colors of objects by the scene reader that saw them and their places among its objects.
  var colors: [Instrument: [Int8: LabColor]] = [:]
  /// How far the colors are from those of the picture that was last asked for.
  private var differences: (other: Picture, map: ColorDifferenceMap)?

  /// - Parameters:
  ///   - words: called where a metric of maps asks for them.
  ///   - load: called where a metric asks for the picture; like `words` once, and again after `release`.
  public init(
    prompt: String, file: @autoclosure @escaping () throws -> URL? = nil,
    words: @escaping () throws -> [MeasuredWord] = { [] },
    load: @escaping () throws -> Picture
  ) {
    self.prompt = prompt
    locate = file
    self.load = load
    loadWords = words
  }

  public convenience init(prompt: String, picture: Picture, words: [MeasuredWord] = []) {
    self.init(prompt: prompt, words: { words }, load: { picture })
  }

  /// The picture's file, for a program that opens it by itself; nil for one that is in memory alone.
  /// - Throws: what looking for it throws.
  public func file() throws -> URL? { try locate() }

  /// - Throws: what reading the file throws.
  public func picture() throws -> Picture {
    if let kept { return kept }
    let picture = try load()
    kept = picture
    return picture
  }

  /// How far the colors lie from those of another picture, pixel by pixel; taken once for all metrics of an edit.
  /// - Throws: what reading a picture throws; `ShapeError` if the sizes differ.
  func colorDifferences(to other: MeasuredRun) throws -> ColorDifferenceMap {
    let (picture, other) = (try picture(), try other.picture())
    if let differences, differences.other == other { return differences.map }
    let map = try ColorDifferenceMap(picture, other)
    differences = (other, map)
    return map
  }

  /// The prompt's words whose maps are stored; none where nothing was recorded.
  /// - Throws: what reading the maps throws.
  public func words() throws -> [MeasuredWord] {
    if let keptWords { return keptWords }
    let words = try loadWords()
    keptWords = words
    return words
  }

  /// Forgets the picture, its differences and the maps, not what was read off the picture: a thousand readings take little
  /// memory.
  public func release() {
    kept = nil
    differences = nil
    keptWords = nil
  }
}

/// An edited picture and the source that it was made from.
public struct MeasuredEdit {
  public let edit: MeasuredRun
  public let source: MeasuredRun
  /// What the edit's prompt and noise give with nothing done; nil where no such picture was made.
  public let target: MeasuredRun?

  public init(_ edit: MeasuredRun, source: MeasuredRun, target: MeasuredRun? = nil) {
    self.edit = edit
    self.source = source
    self.target = target
  }
}
