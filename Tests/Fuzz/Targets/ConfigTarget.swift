import Checkpoints
import DiffusionModels
import Foundation
import Schedulers
import Tensors
import VisionModels

/// Settings of a model's parts: `config.json` of UNet, autoencoder, text encoder, vision tower, CLIP and scene reader,
/// `scheduler_config.json` and `preprocessor_config.json`.
///
/// The first byte says of which part, the second whether what follows is the text of the file or a list of changes to that
/// of a tiny model. A part whose settings are accepted is loaded with the tiny model's weights, which seldom fit them; a
/// scheduler takes its first and its last steps, a preprocessor a picture.
struct ConfigTarget: FuzzTarget {
  private enum Part: String, CaseIterable {
    case unet, vae
    case textEncoder = "text_encoder"
    case scheduler, vision, clip, preprocessor, reader

    var file: String {
      switch self {
      case .scheduler: "scheduler_config.json"
      case .preprocessor: "preprocessor_config.json"
      default: "config.json"
      }
    }

    /// Where the sound file and its weights are, beside `Tests/Fuzz`.
    var source: String {
      switch self {
      case .vision: "Fixtures/vision/tiny-clip-vision"
      case .preprocessor: "Fixtures/vision/tiny-dino"
      case .reader: "Fixtures/vision/tiny-convolution-reader"
      case .clip: "../Sources/Pipelines/Models/emoji-scenes/clip"
      default: "Fixtures/tiny-sd2/\(rawValue)"
      }
    }
  }

  let files: ScratchFiles
  /// The members of the tiny model's files, each a key and the text of its value.
  private let settings: [Part: [(key: String, value: String)]]

  init(files: ScratchFiles) {
    self.files = files
    let tests = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    var settings: [Part: [(key: String, value: String)]] = [:]
    for part in Part.allCases {
      let source = tests.appending(path: part.source).standardizedFileURL
      let folder = files.inside(part.rawValue)
      for name in ["diffusion_pytorch_model.safetensors", "model.safetensors"] {
        let weights = source.appending(path: name)
        guard FileManager.default.fileExists(atPath: weights.path) else { continue }
        try? FileManager.default.createSymbolicLink(at: folder.url(name), withDestinationURL: weights)
      }
      settings[part] = Self.members(of: source.appending(path: part.file))
    }
    self.settings = settings
  }

  func run(_ input: FuzzBytes) {
    var input = input
    let part = input.element(Part.allCases)
    let bytes = input.choice(2) == 0 ? input.rest() : Array(changed(part, &input).utf8)
    let folder = files.inside(part.rawValue)
    folder.write(bytes, to: part.file)
    do {
      switch part {
      case .unet: _ = try UNet(folder: folder.folder)
      case .vae: _ = try VAE(folder: folder.folder)
      case .textEncoder: _ = try CLIPTextEncoder(folder: folder.folder)
      case .scheduler: try walk(SchedulerConfiguration(json: Data(bytes)))
      case .vision: _ = try VisionTransformer(folder: folder.folder)
      case .clip: _ = try CLIPConfiguration(ConfigFile(json: bytes, named: part.file))
      case .reader: _ = try ConvolutionReader(folder: folder.folder, patchAnswers: 12, pictureAnswers: 11)
      case .preprocessor: try show(PicturePreprocessor(ConfigFile(json: bytes, named: part.file), family: .vit))
      }
    } catch let error as CheckpointError {
      requireReadable(error)
    } catch let error as SchedulerError {
      requireReadable(error)
    } catch {
      fatalError("does not hold: a wrong file is a CheckpointError or a SchedulerError: \(error)")
    }
  }

  /// A small picture, unless it would become a large one.
  private func show(_ preprocessor: PicturePreprocessor) throws {
    let picture = try Picture(width: 7, height: 5, pixels: (0..<105).map { UInt8($0) })
    let size = try preprocessor.outputSize(width: 7, height: 5)
    guard size.cells <= 1 << 16 else { return }
    let shape = try preprocessor([picture]).shape
    require(shape == [1, size.height, size.width, 3], "a picture comes out in the size that was said: \(shape)")
  }

  /// Every scheduler with few steps and with as many as an experiment may ask for: the first and the last ones of a run.
  private func walk(_ configuration: SchedulerConfiguration) throws {
    var failure: (any Error)?
    for configuration in [configuration, configuration.forStableDiffusionPipeline] {
      for kind in SchedulerKind.allCases {
        for steps in [1, 2, 7, min(configuration.numTrainTimesteps ?? 1000, 1000)] {
          do throws(SchedulerError) {
            var scheduler = try kind.make(configuration, steps: steps)
            try walk(&scheduler)
          } catch {
            failure = error
          }
        }
      }
    }
    if let failure { throw failure }
  }

  private func walk(_ scheduler: inout any Scheduler) throws(SchedulerError) {
    let timesteps = scheduler.timesteps
    require(!timesteps.isEmpty, "a scheduler has a step")
    require(timesteps.allSatisfy { $0.isFinite && $0 >= 0 }, "timesteps are numbers: \(timesteps.prefix(8))")
    var latents = Tensor(zeros: [1, 2])
    for step in timesteps.indices where step < 16 || step >= timesteps.count - 4 {
      let output = scheduler.scaledInput(latents, step: step)
      guard let next = try? scheduler.step(modelOutput: output, step: step, latents: latents) else {
        fatalError("does not hold: latents of one shape make a step")
      }
      latents = next
    }
  }

  // MARK: Changing settings

  /// The members of a file whose values stand on one line or are lists of one level, as diffusers writes it.
  private static func members(of url: URL) -> [(key: String, value: String)] {
    guard let file = try? ConfigFile(contentsOf: url) else { fatalError("\(url.path) cannot be read") }
    return file.object.members.map { ($0.key, text(of: $0.value)) }
  }

  private static func text(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
    case .object(let object):
      "{\(object.members.map { "\"\($0.key)\": \(text(of: $0.value))" }.joined(separator: ", "))}"
    }
  }

  private func changed(_ part: Part, _ input: inout FuzzBytes) -> String {
    var members = settings[part] ?? []
    while !input.isEmpty {
      let place = input.choice(members.count)
      switch input.choice(8) {
      case 0...4: members[place].value = value(&input, of: members[place].value)
      case 5 where members.count > 1: members.remove(at: place)
      case 6: members.append((input.element(Self.otherKeys), value(&input, of: "0")))
      default: members[place].value = members[input.choice(members.count)].value
      }
    }
    return "{\(members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
  }

  private func value(_ input: inout FuzzBytes, of old: String) -> String {
    switch input.choice(6) {
    case 0: input.number()
    case 1: "\(input.integer())"
    case 2: "[\((0..<input.choice(6)).map { _ in "\(input.integer())" }.joined(separator: ", "))]"
    case 3: input.element(Self.values)
    // Lists of lists of lists would soon fill the memory by themselves.
    case 4 where old.utf8.count < 512: "[\(Array(repeating: old, count: input.choice(6)).joined(separator: ", "))]"
    default: "\(input.choice(16))"
    }
  }

  private static let values = [
    "null", "true", "false", "\"\"", "{}", "[]", "\"gelu\"", "\"v_prediction\"", "\"sample\"", "\"epsilon\"",
    "\"trailing\"",
    "\"linspace\"", "\"leading\"", "\"linear\"", "\"squaredcos_cap_v2\"", "\"log_linear\"", "\"zero\"", "\"sigma_min\"",
    "\"heun\"", "[\"DownBlock2D\", \"CrossAttnDownBlock2D\"]", "[\"UpBlock2D\", \"CrossAttnUpBlock2D\"]",
    "[\"DownEncoderBlock2D\"]", "[\"UpDecoderBlock2D\"]", "[8, 8]", "[0.1, 0.2]", "[16]", "\"vit\"",
    "{\"shortest_edge\": 9}", "{\"height\": 3, \"width\": 8}", "[0.5, 0.25, 1]", "{\"hidden_size\": 8}",
  ]

  /// Keys that the tiny model's files lack.
  private static let otherKeys = [
    "use_karras_sigmas", "sigma_min", "sigma_max", "interpolation_type", "final_sigmas_type", "solver_order",
    "solver_type",
    "lower_order_final", "euler_at_final", "lambda_min_clipped", "skip_prk_steps", "algorithm_type", "variance_type",
    "timestep_type", "encoder_hid_dim", "only_cross_attention", "num_attention_heads", "beta_schedule",
    "model_type", "qkv_bias", "crop_size", "do_center_crop", "do_pad", "default_to_square", "feature_extractor_type",
    "text_config_dict", "vision_config_dict",
  ]
}
