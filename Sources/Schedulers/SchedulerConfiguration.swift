import Checkpoints
import Formatting
import Foundation

/// A `scheduler/scheduler_config.json` as it stands: nil where a key is missing or null.
///
/// What a missing key means depends on the scheduler that is made of it, so defaults are filled in there. Keys that no
/// scheduler here has are ignored, as diffusers does.
public struct SchedulerConfiguration: Hashable, Sendable {
  /// What messages call the file.
  public var file = "scheduler/scheduler_config.json"

  /// The class of diffusers that the folder asks for.
  public var className: String?

  // The noise schedule of training.
  public var numTrainTimesteps: Int?
  public var betaStart: Double?
  public var betaEnd: Double?
  public var betaSchedule: String?
  public var trainedBetas: [Double]?
  public var rescaleBetasZeroSNR: Bool?

  // What the model predicts, and where the steps lie.
  public var predictionType: String?
  public var timestepSpacing: String?
  public var stepsOffset: Int?
  public var setAlphaToOne: Bool?

  // Limits of the predicted sample.
  public var clipSample: Bool?
  public var clipSampleRange: Double?
  public var thresholding: Bool?

  // PNDM.
  public var skipPRKSteps: Bool?

  // Euler and DPM-Solver++.
  public var interpolationType: String?
  public var useKarrasSigmas: Bool?
  public var useExponentialSigmas: Bool?
  public var useBetaSigmas: Bool?
  public var sigmaMin: Double?
  public var sigmaMax: Double?
  public var timestepType: String?
  public var finalSigmasType: String?

  // DPM-Solver++.
  public var solverOrder: Int?
  public var algorithmType: String?
  public var solverType: String?
  public var lowerOrderFinal: Bool?
  public var eulerAtFinal: Bool?
  public var useLuLambdas: Bool?
  public var useFlowSigmas: Bool?
  public var lambdaMinClipped: Double?
  public var varianceType: String?

  /// A configuration without any key.
  public init() {}

  /// The configuration as diffusers' `StableDiffusionPipeline` runs it: it overrides `steps_offset` by 1 and
  /// `clip_sample` by false, since the first files of Stable Diffusion had them wrong.
  public var forStableDiffusionPipeline: SchedulerConfiguration {
    var copy = self
    copy.stepsOffset = 1
    copy.clipSample = false
    return copy
  }
}

extension SchedulerConfiguration: Codable {
  /// The keys of the file.
  enum CodingKeys: String, CodingKey, CaseIterable {
    case className = "_class_name"
    case numTrainTimesteps = "num_train_timesteps"
    case betaStart = "beta_start"
    case betaEnd = "beta_end"
    case betaSchedule = "beta_schedule"
    case trainedBetas = "trained_betas"
    case rescaleBetasZeroSNR = "rescale_betas_zero_snr"
    case predictionType = "prediction_type"
    case timestepSpacing = "timestep_spacing"
    case stepsOffset = "steps_offset"
    case setAlphaToOne = "set_alpha_to_one"
    case clipSample = "clip_sample"
    case clipSampleRange = "clip_sample_range"
    case thresholding
    case skipPRKSteps = "skip_prk_steps"
    case interpolationType = "interpolation_type"
    case useKarrasSigmas = "use_karras_sigmas"
    case useExponentialSigmas = "use_exponential_sigmas"
    case useBetaSigmas = "use_beta_sigmas"
    case sigmaMin = "sigma_min"
    case sigmaMax = "sigma_max"
    case timestepType = "timestep_type"
    case finalSigmasType = "final_sigmas_type"
    case solverOrder = "solver_order"
    case algorithmType = "algorithm_type"
    case solverType = "solver_type"
    case lowerOrderFinal = "lower_order_final"
    case eulerAtFinal = "euler_at_final"
    case useLuLambdas = "use_lu_lambdas"
    case useFlowSigmas = "use_flow_sigmas"
    case lambdaMinClipped = "lambda_min_clipped"
    case varianceType = "variance_type"
  }

  /// Reads the bytes of a file. The infinities that diffusers writes (`"lambda_min_clipped": -Infinity`) are accepted,
  /// though JSON proper has none.
  /// - Parameter file: What messages call it.
  /// - Throws: `SchedulerError` if it is no JSON object, has a key twice, or with every key whose value has the wrong type.
  public init(json: Data, file: String = "scheduler/scheduler_config.json") throws(SchedulerError) {
    // First with the reader of all config files: Foundation's JSON5 (Swift 6.3) ends the process at a key that is not UTF-8,
    // and keeps one of two equal keys.
    do throws(CheckpointError) {
      _ = try ConfigFile(json: json, named: file)
    } catch {
      throw SchedulerError(error.problems.map(\.description))
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    do {
      self = try decoder.decode(Self.self, from: json)
    } catch let error as SchedulerError {
      throw SchedulerError(error.problems.map { "\(file): \($0)" })
    } catch {
      throw SchedulerError("\(file): is not a JSON object; the file may be cut off")
    }
    self.file = file
  }

  /// - Throws: `SchedulerError` with every key whose value has the wrong type, without the file's name, which a decoder
  ///   does not know.
  public init(from decoder: any Decoder) throws {
    var reader = KeyReader(container: try decoder.container(keyedBy: CodingKeys.self))
    className = reader.string(.className)
    numTrainTimesteps = reader.integer(.numTrainTimesteps)
    betaStart = reader.number(.betaStart)
    betaEnd = reader.number(.betaEnd)
    betaSchedule = reader.string(.betaSchedule)
    trainedBetas = reader.numbers(.trainedBetas)
    rescaleBetasZeroSNR = reader.bool(.rescaleBetasZeroSNR)
    predictionType = reader.string(.predictionType)
    timestepSpacing = reader.string(.timestepSpacing)
    stepsOffset = reader.integer(.stepsOffset)
    setAlphaToOne = reader.bool(.setAlphaToOne)
    clipSample = reader.bool(.clipSample)
    clipSampleRange = reader.number(.clipSampleRange)
    thresholding = reader.bool(.thresholding)
    skipPRKSteps = reader.bool(.skipPRKSteps)
    interpolationType = reader.string(.interpolationType)
    useKarrasSigmas = reader.bool(.useKarrasSigmas)
    useExponentialSigmas = reader.bool(.useExponentialSigmas)
    useBetaSigmas = reader.bool(.useBetaSigmas)
    sigmaMin = reader.number(.sigmaMin)
    sigmaMax = reader.number(.sigmaMax)
    timestepType = reader.string(.timestepType)
    finalSigmasType = reader.string(.finalSigmasType)
    solverOrder = reader.integer(.solverOrder)
    algorithmType = reader.string(.algorithmType)
    solverType = reader.string(.solverType)
    lowerOrderFinal = reader.bool(.lowerOrderFinal)
    eulerAtFinal = reader.bool(.eulerAtFinal)
    useLuLambdas = reader.bool(.useLuLambdas)
    useFlowSigmas = reader.bool(.useFlowSigmas)
    lambdaMinClipped = reader.number(.lambdaMinClipped)
    varianceType = reader.string(.varianceType)
    guard reader.problems.isEmpty else { throw SchedulerError(reader.problems) }
  }
}

/// Reads keys one by one and keeps going after a wrong one, so that all are reported together.
private struct KeyReader {
  typealias Key = SchedulerConfiguration.CodingKeys

  let container: KeyedDecodingContainer<Key>
  var problems: [String] = []

  mutating func string(_ key: Key) -> String? { read(key, "a string") }
  mutating func integer(_ key: Key) -> Int? { read(key, "a whole number") }
  mutating func number(_ key: Key) -> Double? { read(key, "a number") }
  mutating func bool(_ key: Key) -> Bool? { read(key, "true or false") }
  mutating func numbers(_ key: Key) -> [Double]? { read(key, "a list of numbers") }

  private mutating func read<T: Decodable>(_ key: Key, _ expected: String) -> T? {
    do {
      return try container.decodeIfPresent(T.self, forKey: key)
    } catch {
      problems.append("\(key.rawValue) is \(found(key)), expected \(expected)")
      return nil
    }
  }

  private func found(_ key: Key) -> String {
    if let value = try? container.decode(Bool.self, forKey: key) { return "\(value)" }
    if let value = try? container.decode(Int.self, forKey: key) { return "\(value)" }
    if let value = try? container.decode(Double.self, forKey: key) { return "\(value)" }
    if let value = try? container.decode(String.self, forKey: key) { return quoted(value) }
    return (try? container.nestedUnkeyedContainer(forKey: key)) == nil ? "an object" : "a list"
  }
}
