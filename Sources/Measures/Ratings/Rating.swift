import Formatting
import Foundation

/// What a person or a model said that a picture shows, who was not told its prompt.
public struct Rating: Hashable, Sendable {
  /// Who said it, as `Jane Doe, person`.
  public let rater: String
  /// As it was said: `a red car and a blue cup`, or ``nothing``.
  public let answer: String

  public init(rater: String, answer: String) {
    self.rater = rater
    self.answer = answer
  }

  /// The answer for a picture that shows no thing of the world.
  public static let nothing = "nothing"

  /// The most things of one answer.
  static let mostThings = 8

  /// The things that an answer names.
  ///
  /// It is read like the things of a prompt: `a red car and a blue cup`, `red car, blue cup`, or ``nothing``.
  /// - Throws: `RatingError` with the word that the world does not have.
  public static func things(_ answer: String, _ words: SceneVocabulary) throws(RatingError) -> [PromptScene.Thing] {
    let text = answer.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    if text == nothing { return [] }
    let phrases = text.replacingOccurrences(of: ", and ", with: " and ").replacingOccurrences(of: ",", with: " and ")
      .components(separatedBy: " and ").map { $0.trimmingCharacters(in: .whitespaces) }
    guard phrases.count <= mostThings else { throw RatingError("it names more than \(mostThings) things") }
    var things: [PromptScene.Thing] = []
    for phrase in phrases {
      let hasArticle = ["a ", "an "].contains(where: phrase.hasPrefix)
      guard let thing = PromptScene.thing(hasArticle ? phrase : "a \(phrase)", words) else {
        let known = words.objects.filter { $0 != SceneVocabulary.none }
        let last = phrase.split(separator: " ").last.map(String.init) ?? ""
        let near = nearestName(to: last, in: known).map { "; did you mean \"\($0)\"?" } ?? "."
        throw RatingError(
          "\"\(clipped(phrase))\" is no object of this world, nor one with a color before it\(near) "
            + "A picture of no such thing is \"\(nothing)\"")
      }
      things.append(thing)
    }
    return things
  }
}

/// An answer, or a file of answers, that cannot be read.
public struct RatingError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
