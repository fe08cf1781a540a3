import DiffusionModels
import Foundation
import Tensors

/// Tells how well pictures and texts fit: `CLIPModel` of transformers, from a picture's bytes and a text's letters to
/// embeddings of one space.
/// - Source: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision.
public struct CLIP: Sendable {
  public let configuration: CLIPConfiguration
  public let tokenizer: CLIPTokenizer
  public let preprocessor: PicturePreprocessor
  /// What cosines are multiplied by before the softmax over texts: `exp(logit_scale)`.
  public let logitScale: Double

  private let vision: VisionTransformer
  private let text: CLIPTextEncoder
  private let visionProjection: Linear
  private let textProjection: Linear

  /// Pictures or texts that are computed with at a time: a bound on memory, as large as speed asks for.
  private var chunk: Int {
    max(1, min(16, (1 << 22) / (configuration.vision.imageSize * configuration.vision.imageSize)))
  }

  init(
    _ c: CLIPConfiguration, tokenizer: CLIPTokenizer, preprocessor: PicturePreprocessor, _ loader: ModuleLoader
  ) throws {
    configuration = c
    self.tokenizer = tokenizer
    self.preprocessor = preprocessor
    vision = try VisionTransformer(c.vision, loader["vision_model"])
    text = try CLIPTextEncoder(c.text, loader["text_model"])
    visionProjection = try loader.linear(
      "visual_projection", inputs: c.vision.hiddenSize, outputs: c.projectionSize, bias: false)
    textProjection = try loader.linear(
      "text_projection", inputs: c.text.hiddenSize, outputs: c.projectionSize, bias: false)
    logitScale = exp(Double(try loader.tensor("logit_scale", []).values[0]))
  }

  /// Where pictures lie in the space of embeddings.
  /// - Parameter pictures: of any sizes.
  /// - Returns: `[pictures, projectionSize]`, each row of length 1.
  /// - Throws: `ShapeError`; `EngineError`.
  public func pictureEmbeddings(_ pictures: [Picture]) throws -> Tensor {
    try embeddings(pictures) { try visionProjection(vision(preprocessor($0)).pooled) }
  }

  /// Where texts lie in the space of embeddings.
  /// - Parameter texts: what does not fit into the model's positions, 77 as a rule, is cut off.
  /// - Returns: `[texts, projectionSize]`, each row of length 1.
  /// - Throws: `ShapeError`; `EngineError`.
  public func textEmbeddings(_ texts: [String]) throws -> Tensor {
    try embeddings(texts) { texts in
      let ids = texts.map { tokenizer.encode($0, expandingInversions: false).ids }
      let positions = ids.map(configuration.pooledPosition)
      // No token sees what comes after it, so what comes after the last pooled one need not be computed.
      let length = (positions.max() ?? 0) + 1
      let states = try text(ids.map { Array($0.prefix(length)) })
      return try textProjection(states.rows(positions))
    }
  }

  /// Embeds chunk by chunk and brings each row to length 1.
  private func embeddings<Input>(_ inputs: [Input], _ embed: ([Input]) throws -> Tensor) throws -> Tensor {
    guard !inputs.isEmpty else { return Tensor(uninitialized: [0, configuration.projectionSize]) }
    let parts = try stride(from: 0, to: inputs.count, by: chunk).map {
      try embed(Array(inputs[$0..<min(inputs.count, $0 + chunk)]))
    }
    return try Tensor.stacked(parts).withRowsOfLengthOne()
  }
}
