import Checkpoints
import DiffusionModels
import Foundation
import Tensors

/// A convolutional network with linear answers: for each patch some, one for each of its pixels, and for the picture some.
///
/// Levels of residual blocks halve the picture one after another. The last level but one has a cell for each patch, and
/// answers for it; the last, which sees more of the picture, answers for the picture and is added to the one before. The
/// blocks are those of diffusers' VAE. It stands beside ``PatchReader`` as a judge of another kind.
/// - Source: this project; the blocks are `ResnetBlock2D` of diffusers.
public struct ConvolutionReader: SceneNetwork {
  public var imageSize: Int { configuration.imageSize }
  public var patchSize: Int { configuration.patchSize }

  private let configuration: ConvolutionReaderConfiguration
  private let preprocessor: PicturePreprocessor
  private let halvings: [Convolution]
  private let levels: [[ResnetBlock]]
  private let context: Linear
  private let joined: ResnetBlock
  private let patchNorm: NormParameters
  private let patchHead: Linear
  private let pictureNorm: NormParameters
  private let pictureHead: Linear

  /// - Parameters:
  ///   - folder: `config.json` of `model_type` `convolutional_scene_reader`, `preprocessor_config.json`, and
  ///     `model.safetensors`, as `Experiments/emoji-scenes/export.py` writes them.
  ///   - patchAnswers: of a patch, beside those of its pixels.
  ///   - pictureAnswers: of a picture.
  /// - Throws: `CheckpointError` listing every problem of the config, or of the weights.
  public init(folder: URL, patchAnswers: Int, pictureAnswers: Int) throws {
    let c = try ConvolutionReaderConfiguration(ConfigFile(contentsOf: folder.appending(path: "config.json")))
    configuration = c
    preprocessor = try PicturePreprocessor(folder: folder, family: .clip, square: c.imageSize)
    let weights = try WeightLoader(WeightStore(folder: folder))
    let loader = ModuleLoader(weights)
    func block(_ loader: ModuleLoader, _ channels: Int) throws -> ResnetBlock {
      try ResnetBlock(
        loader, inputs: channels, outputs: channels, timeChannels: nil, groups: c.groups, epsilon: Self.epsilon)
    }
    halvings = try zip([3] + c.channels, c.channels).enumerated().map { place, channels in
      try loader.convolution("halvings.\(place)", inputs: channels.0, outputs: channels.1, stride: 2)
    }
    levels = try zip(c.channels, c.blocks).enumerated().map { place, level in
      try (0..<level.1).map { try block(loader["levels.\(place).\($0)"], level.0) }
    }
    let (answering, last) = (c.channels[c.channels.count - 2], c.channels[c.channels.count - 1])
    context = try loader.pointwise("context", inputs: last, outputs: answering)
    joined = try block(loader["joined"], answering)
    patchNorm = try loader.norm("patch_norm", channels: answering)
    patchHead = try loader.linear(
      "patch_head", inputs: answering, outputs: patchAnswers + c.patchSize * c.patchSize)
    pictureNorm = try loader.norm("picture_norm", channels: last)
    pictureHead = try loader.linear("picture_head", inputs: last, outputs: pictureAnswers)
    try weights.finish()
  }

  public func callAsFunction(
    _ pictures: [Picture]
  ) throws -> (patches: [ArraySlice<Float>], pictures: [ArraySlice<Float>]) {
    var seen = try preprocessor(pictures)
    var answering = seen
    for (halving, blocks) in zip(halvings, levels) {
      answering = seen
      seen = try halving(seen)
      for block in blocks { seen = try block(seen) }
    }
    try answering.add(context(seen).upsampled(height: answering.shape[1], width: answering.shape[2]))
    let cells = try normalized(joined(answering), patchNorm)
    let patches = try patchHead(cells).values
    let whole = try pictureHead(normalized(seen, pictureNorm).meanOfCells()).values
    let row = side * side * patchHead.outputs
    let answers = pictureHead.outputs
    return (
      pictures.indices.map { patches[($0 * row)..<(($0 + 1) * row)] },
      pictures.indices.map { whole[($0 * answers)..<(($0 + 1) * answers)] }
    )
  }

  private func normalized(_ map: Tensor, _ parameters: NormParameters) throws -> Tensor {
    try map.groupNormalized(groups: configuration.groups, epsilon: Self.epsilon, parameters: parameters, silu: true)
  }

  /// diffusers' `ResnetBlock2D`.
  private static let epsilon: Float = 1e-6
}

extension Tensor {
  /// The mean over rows and columns: `[batch, channels]` of `[batch, height, width, channels]`.
  fileprivate func meanOfCells() -> Tensor {
    let (batch, channels) = (shape[0], shape[3])
    let cells = shape[1] * shape[2]
    var result = Tensor(zeros: [batch, channels])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        for picture in 0..<batch {
          for channel in 0..<channels {
            var sum = 0.0
            for cell in 0..<cells { sum += Double(x[(picture * cells + cell) * channels + channel]) }
            y[picture * channels + channel] = Float(sum / Double(cells))
          }
        }
      }
    }
    return result
  }
}
