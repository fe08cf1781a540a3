import Attention
import Checkpoints
import ExperimentFiles
import Files
import Foundation
import Generation
import Pipelines
import Planning
import Plotting
import Tensors

/// One edit by a method: an experiment of one pair and one seed, so that the file which repeats it gives the same bits.
package struct EditedPicture {
  package let method: EditingMethod
  private let single: SingleGroup

  package var plan: ExperimentPlan { single.plan }
  package var settings: DenoisingSettings { single.group.settings }
  package var source: PlannedRun { single.group.runs[0] }
  package var edit: PlannedRun { single.group.runs[1] }
  /// The experiment that repeats the edit, with the method written out in its operations.
  package let experiment: ExperimentSpec

  /// - Parameters:
  ///   - folder: the model's.
  ///   - model: what the user calls it.
  ///   - pair: the prompts of source and target.
  ///   - dials: what is set of the method.
  ///   - height, width: in pixels; nil: the model's own.
  ///   - other: an edit by the same folder, whose loaded model this one shares.
  /// - Throws: `SpecError` for dials that the method has not; `SizeError`; `ExperimentError`; what loading throws.
  package init(
    _ folder: ModelFolder, named model: String, _ method: EditingMethod, _ dials: MethodSettings, pair: PromptPair,
    negativePrompt: String = "", seed: Seed, settings: GenerationSettings, height: Int?, width: Int?,
    sharing other: EditedPicture? = nil
  ) throws {
    self.method = method
    let intervention = try method.intervention(dials)
    // Edits that differ have results of their own.
    func spec(named name: String) -> ExperimentSpec {
      ExperimentSpec(
        name: name, question: "What does \(method.name) make of \"\(pair.source)\" for \"\(pair.target)\"?",
        model: model,
        generate: GenerateSpec(
          pairs: [pair], seeds: [seed], settings: [settings], negativePrompt: negativePrompt, height: height,
          width: width),
        interventions: [intervention], figures: [.sideBySide])
    }
    let hash = sha256(Data(spec(named: "edit").canonicalForm.utf8))
    let experiment = spec(named: "edit-\(hash.prefix(8))")
    self.experiment = experiment
    single = try SingleGroup(folder, height: height, width: width, loaded: other?.single.model) { _ in experiment }
  }

  /// - Returns: The final latents of source and edit, `[1, height, width, channels]` each.
  package func denoise(progress: some RunProgress) throws -> (source: Tensor, edit: Tensor) {
    let latents = try single.denoise(
      work: "\"\(source.prompt.prompt)\" to \"\(edit.prompt.prompt)\", seed \(settings.seed)", progress: progress)
    return (try latents.slice(0..<1), try latents.slice(1..<2))
  }

  /// - Parameter latents: `[1, height, width, channels]`.
  package func picture(_ latents: Tensor) throws -> Picture { try single.model.picture(latents) }

  /// The start noise, `[1, height, width, channels]`.
  package func noise() throws -> Tensor {
    try single.model.noise(seed: settings.seed, height: settings.height, width: settings.width)
  }

  /// What the PNG files say of themselves; the keys are those of an experiment's pictures.
  package var texts: [PNG.Text] {
    .origin(
      prompts: [source.prompt.prompt, edit.prompt.prompt], negativePrompt: settings.negativePrompt,
      seeds: [settings.seed],
      details: [
        PNG.Text("Steps", "\(settings.steps)"), PNG.Text("Guidance-Scale", "\(settings.guidanceScale)"),
        PNG.Text("Scheduler", settings.scheduler.rawValue), PNG.Text("Model", single.model.folder.name),
        PNG.Text("Model-Hash", plan.modelHash), PNG.Text("Method", method.name),
      ], hashes: [source.hash, edit.hash])
  }

  /// Source, edit and what was changed.
  package func figure(source: Picture, edit: Picture) throws -> Picture {
    try Figures.edit(
      title: "\(method.title), seed \(settings.seed)", source: LabeledPicture(self.source.prompt.prompt, source),
      edit: LabeledPicture(self.edit.prompt.prompt, edit))
  }

  /// What a reader should know before: words that are split or matched, and what asks for more than there is.
  package var remarks: [String] { plan.remarks }
}
