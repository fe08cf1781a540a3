import ArgumentParser
import Attention
import ExperimentFiles
import Generation
import Pipelines
import Running
import Schedulers
import Tensors

/// How a picture is made. The defaults are those of an experiment file.
struct PictureOptions: ParsableArguments {
  @OptionGroup var modelOption: ModelOption

  @Option(
    name: .long, help: ArgumentHelp("The seed of the start noise, as for torch's CPU generator.", valueName: "number"),
    transform: seedOption)
  var seed: Seed = 0

  @Option(name: .long, help: ArgumentHelp("Denoising steps, 1 to 1000.", valueName: "number"))
  var steps = GenerateSpec.defaultNumInferenceSteps

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Weight of classifier-free guidance, 0 to 100; 1 and below turn it off.", valueName: "number"))
  var guidance = GenerateSpec.defaultGuidanceScale

  @Option(
    name: .long,
    help: ArgumentHelp(
      "\(SchedulerKind.allCases.map(\.rawValue).joined(separator: ", ")), or a class of diffusers. (default: the model "
        + "folder's)", valueName: "name"))
  var scheduler: String?

  /// Steps, guidance and scheduler.
  var generation: GenerationSettings {
    GenerationSettings(numInferenceSteps: steps, guidanceScale: guidance, scheduler: scheduler)
  }

  /// A picture with these options, not yet made.
  /// - Parameters:
  ///   - height, width: in pixels; nil: the model's own.
  /// - Throws: `UsageError` for sizes that the model cannot make; what loading throws.
  func picture(
    of prompt: String, negativePrompt: String = "", height: Int?, width: Int?,
    record: (PromptTokens) -> [RecordSpec] = { _ in [] }
  ) throws -> SinglePicture {
    do {
      return try SinglePicture(
        commandLineModel(modelOption.model), named: modelOption.model, prompt: prompt, negativePrompt: negativePrompt,
        seed: seed,
        settings: generation,
        height: height, width: width, record: record)
    } catch let error as SizeError {
      throw UsageError(error.problems.map { "--\($0)" })
    }
  }

  func validate() throws {
    var problems: [String] = []
    if !(1...1000).contains(steps) { problems.append("--steps: \(steps) is not allowed; it is 1 to 1000") }
    if !(0...100).contains(guidance) { problems.append("--guidance: \(guidance) is not allowed; it is 0 to 100") }
    if let scheduler {
      do { _ = try SchedulerKind(named: scheduler) } catch { problems += error.problems.map { "--\($0)" } }
    }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }
}
