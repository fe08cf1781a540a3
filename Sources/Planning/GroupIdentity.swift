import Attention
import AttentionStore
import ExperimentFiles
import Files
import Foundation
import Pipelines

/// What decides the bits of a group, as a text whose SHA-256 is the group's hash.
///
/// Stored results are found again by these hashes, so the text never changes; a test holds it byte for byte.
struct GroupIdentity {
  let model: String
  let engine: String
  /// Each entry of `record` as it decides which maps there are, and the steps of predicted pictures.
  private let records: [String]
  /// By intervention, each operation as it decides bits.
  private let operations: [String: [String]]

  init(model: String, engine: String, spec: ExperimentSpec, _ settings: ResolvedSettings) {
    self.model = model
    self.engine = engine
    let predicted = settings.predictedSteps
    records =
      zip(spec.record, settings.records).map { record, resolved in
        "\(record.name) \(resolved.sites) \(resolved.steps) \(record.heads.rawValue) \(record.tokens) "
          + "\(record.branch.rawValue) \(record.pool ?? 0) \(record.dtype.rawValue)"
          + (record.of == .probabilities ? "" : " of \(record.of.rawValue)")
          + (record.randomUNet.map { " random unet \($0)" } ?? "")
      } + (predicted.isEmpty ? [] : ["predicted clean \(predicted)"])
      + (settings.inputLatentSteps.map { ["input latents \($0)"] } ?? [])
      + (settings.stopAfterCalls.map { ["stop after \($0)"] } ?? [])
    operations = settings.operations.mapValues { $0.map(\.text) }
  }

  func text(_ settings: DenoisingSettings, _ makeUp: MakeUp) -> String {
    let lines =
      [
        "attnlab group 1", model, engine, settings.schedulerText, "seed \(settings.seed)", "steps \(settings.steps)",
        "guidance \(settings.guidanceScale)", "size \(settings.height) \(settings.width)",
        "negative \(settings.negativePrompt)",
      ] + records + makeUp.members.map(text)
      + makeUp.references.map {
        "reference \($0.noise.seed(beside: settings.seed)) \($0.prompt.prompt) \($0.prompt.ids)"
      }
      // Such a group's batches are smaller, and results of other batches may differ in their last bits.
      + (makeUp.sharedRuns.isEmpty ? [] : ["runs are computed once while they are the same"])
    // Lengths keep one field from running into the next.
    return lines.map { "\($0.utf8.count) \($0)\n" }.joined()
  }

  private func text(_ member: GroupMember) -> String {
    "\(member.role.rawValue) \(member.intervention) \(member.prompt.prompt) \(member.prompt.ids) "
      + "\(operations[member.intervention] ?? [])"
  }

  /// The hash of a group.
  func hash(_ settings: DenoisingSettings, _ makeUp: MakeUp) -> String {
    sha256(Data(text(settings, makeUp).utf8))
  }
}

extension PlannedRun {
  /// The hash of a group's run, by its place in the group.
  static func hash(ofGroup group: String, _ index: Int) -> String { sha256(Data("\(group) \(index)".utf8)) }
}

extension DenoisingSettings {
  /// The scheduler with what differs from the folder's configuration: `euler`, `euler, use_karras_sigmas true`.
  package var schedulerText: String {
    scheduler.rawValue + (schedulerSettings.values.isEmpty ? "" : ", \(schedulerSettings)")
  }
}
