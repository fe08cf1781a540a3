import ArgumentParser
import Benchmarks
import Checkpoints
import Formatting
import Generation
import Pipelines
import Running

struct BenchMethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Measure one edit by each editing method, in time and memory.",
    discussion: """
      An edit is source and target of one pair and one seed, denoised together at the method's published setting; loading \
      and decoding are left out. `regenerate` takes nothing from its source, so what another method needs beyond it is the \
      method's price. Before the timing, attnlab checks that each method leaves its source as it is without, but for rounding.

      All methods share one loaded model, which is most of the memory. What lies above `regenerate` is what a method holds \
      of its source.

      Examples:
        attnlab bench methods
        attnlab bench methods --only p2p --steps 50 --repeat 9
        attnlab bench methods --model ~/models/stable-diffusion-v1-5 --only fpe
      """)

  @OptionGroup var modelOption: ModelOption
  @OptionGroup var size: PictureSizeOptions

  @Option(name: .long, help: ArgumentHelp("Denoising steps, 1 to 1000.", valueName: "number"))
  var steps = 20

  @Option(name: .long, help: ArgumentHelp("Only methods whose name contains this.", valueName: "text"))
  var only: String?

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...1000).contains(steps) else {
      throw ValidationError("--steps: \(steps) is not allowed; it is 1 to 1000")
    }
  }

  func run() throws {
    let methods = EditingMethods.all.filter { method in only.map { method.name.contains($0) } ?? true }
    guard !methods.isEmpty, let plain = EditingMethods.named("regenerate") else {
      throw UsageError(
        "--only: no method's name holds \"\(printable(only ?? ""))\"; there are "
          + EditingMethods.all.map(\.name).joined(separator: ", "))
    }
    let folder = try commandLineModel(modelOption.model)
    _ = try size.latents(of: folder)
    try options.report([
      BenchGroup("methods") {
        let regenerated = try edit(plain, folder)
        var untouched: [Float]?
        return try methods.map { method in
          let edited = try edit(method, folder, sharing: regenerated)
          return BenchCandidate(
            "edit, \(modelOption.model), \(method.name), \(steps) steps", allowed: 1e-4,
            comparing: {
              let expected = try untouched ?? regenerated.denoise(progress: SilentProgress()).source.values
              untouched = expected
              return (try edited.denoise(progress: SilentProgress()).source.values, expected)
            }, body: { _ = try edited.denoise(progress: SilentProgress()) })
        }
      }
    ])
  }

  private func edit(
    _ method: EditingMethod, _ folder: ModelFolder, sharing other: EditedPicture? = nil
  ) throws -> EditedPicture {
    try EditedPicture(
      folder, named: modelOption.model, method, MethodSettings(object: method.dials[.object] == nil ? [] : ["car"]),
      pair: PromptPair(source: "a red car", target: "a blue car"), seed: 1,
      settings: GenerationSettings(numInferenceSteps: steps), height: size.height, width: size.width, sharing: other)
  }
}
