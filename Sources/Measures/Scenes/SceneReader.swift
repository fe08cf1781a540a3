import Analysis
import Checkpoints
import Foundation
import Tensors
import VisionModels

/// Tells what a picture of a closed world shows: objects with color, facing and mask, background and style.
///
/// It is a network of its own, a vision transformer or a convolutional one, trained from its own seed on scenes whose truth
/// is known; it shares nothing with the model that it judges. `validation.json` beside its weights says how often it is right.
public struct SceneReader: Sendable {
  public let words: SceneVocabulary
  /// Measured on scenes that it was not trained on; empty where the folder has no `validation.json`.
  public let validation: SceneReaderValidation
  private let network: any SceneNetwork

  /// - Parameter folder: `config.json`, `model.safetensors` and, where it was validated, `validation.json`.
  /// - Throws: `CheckpointError` listing every problem of the config, of the validation, or of the weights.
  public init(folder: URL) throws {
    words = try SceneVocabulary(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    validation = try SceneReaderValidation(folder: folder)
    network = try sceneNetwork(
      folder: folder, patchAnswers: words.objects.count + words.colors.count + words.facings.count,
      pictureAnswers: words.backgrounds.count + words.styles.count)
  }

  /// What pictures show, in their order. Each is looked at twice, the second time in a mirror.
  /// - Throws: `EngineError`.
  public func readings(_ pictures: [Picture]) throws -> [SceneReading] {
    var readings: [SceneReading] = []
    // Few at a time: the memory does not grow with their number.
    for start in stride(from: 0, to: pictures.count, by: Self.atOnce) {
      let some = Array(pictures[start..<min(start + Self.atOnce, pictures.count)])
      let answers = try zip(self.answers(some), self.answers(some.map(\.mirrored)))
      for (picture, (one, mirrored)) in zip(some, answers) {
        let both = SceneAnswers(one, mirrored: mirrored, words: words)
        readings.append(SceneReading(both, words, width: picture.width, height: picture.height))
      }
    }
    return readings
  }

  private func answers(_ pictures: [Picture]) throws -> [SceneAnswers] {
    let answers = try network(pictures)
    return pictures.indices.map { index in
      SceneAnswers(
        patches: answers.patches[index], picture: answers.pictures[index], words: words, side: network.side,
        patch: network.patchSize)
    }
  }

  private static let atOnce = 16
}
