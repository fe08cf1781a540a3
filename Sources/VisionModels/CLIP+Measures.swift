import DiffusionModels
import Foundation
import Tensors

// What the picture metrics of the literature take from CLIP's embeddings.

extension CLIP {
  /// How well a picture fits a text: the cosine of their embeddings, -1...1.
  ///
  /// What others publish as CLIP score is `100 * max(0, cosine)`. Scores of two models do not compare.
  /// - Source: Hessel et al. 2021, CLIPScore, without its factor.
  public static func score(picture: [Float], text: [Float]) -> Double { cosine(picture, text) ?? 0 }

  /// Whether a picture changed as its text did: the cosine of the two differences of embeddings, -1...1.
  /// - Returns: nil where it is not defined, as a difference has no length: of equal pictures or texts, or of texts
  ///   that the tokenizer makes equal, by letter case alone or cut off at the last position.
  /// - Source: Gal et al. 2022, StyleGAN-NADA, eq. 2; Brooks et al. 2023, InstructPix2Pix, by whose implementation the
  ///   embeddings have length 1 before they are subtracted.
  public static func directionalSimilarity(
    pictures: (from: [Float], to: [Float]), texts: (from: [Float], to: [Float])
  ) -> Double? {
    func difference(_ pair: (from: [Float], to: [Float])) -> [Float] { zip(pair.from, pair.to).map { $1 - $0 } }
    return cosine(difference(pictures), difference(texts))
  }

  /// A text, and how probable it is among those that were asked for.
  public struct Naming: Hashable, Sendable {
    public let name: String
    public let probability: Double
  }

  /// What pictures show, among names.
  /// - Parameters:
  ///   - names: at least one.
  ///   - template: the text for a name, which takes the place of `{}`.
  /// - Returns: for each picture all names, the most probable first: the softmax over the cosines times `logitScale`.
  /// - Throws: `ShapeError`, also without names or without `{}` in the template; `EngineError`.
  /// - Source: Radford et al. 2021, section 3.1.
  public func naming(
    _ pictures: [Picture], among names: [String], template: String = "a photo of a {}"
  ) throws -> [[Naming]] {
    guard !names.isEmpty, template.contains("{}") else {
      throw ShapeError(
        "naming", expected: "names, and a template with {} in their place",
        found: "\(names.count) names, \"\(template)\"")
    }
    let texts = try textEmbeddings(names.map { template.replacingOccurrences(of: "{}", with: $0) })
    let textRows = Self.rows(texts)
    return Self.rows(try pictureEmbeddings(pictures)).map { picture in
      let logits = textRows.map { logitScale * (Self.cosine(picture, $0) ?? 0) }
      let largest = logits.max() ?? 0
      let weights = logits.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      return zip(names, weights).map { Naming(name: $0, probability: $1 / sum) }
        .sorted { $0.probability > $1.probability }
    }
  }

  private static func rows(_ tensor: Tensor) -> [[Float]] {
    let size = tensor.shape[1]
    let values = tensor.values
    return (0..<tensor.shape[0]).map { Array(values[($0 * size)..<(($0 + 1) * size)]) }
  }

  /// nil where one has no length: below 1e-6, which is what single precision leaves of equal embeddings.
  private static func cosine(_ a: [Float], _ b: [Float]) -> Double? {
    func product(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let lengths = (product(a, a).squareRoot(), product(b, b).squareRoot())
    guard min(lengths.0, lengths.1) > 1e-6 else { return nil }
    return product(a, b) / (lengths.0 * lengths.1)
  }
}
