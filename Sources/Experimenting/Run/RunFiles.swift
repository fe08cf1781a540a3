import AttentionStore
import Checkpoints
import Foundation
import Pipelines
import Plotting
import Tensors

/// The files that runs leave beside the database: pictures, final latents, and predicted pictures on the way.
struct RunFiles {
  let plan: ExperimentPlan
  let results: ResultsFolder

  /// The kind of a predicted picture in the table of artifacts, `predicted-007` for the one after step 7.
  static func predictedKind(step: Int) -> String {
    let digits = "\(step)"
    return "predicted-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// The step of such a kind; nil for other kinds.
  static func predictedStep(kind: String) -> Int? {
    kind.hasPrefix("predicted-") ? Int(kind.dropFirst("predicted-".count)) : nil
  }

  private func place(_ run: PlannedRun, _ name: String) -> (path: String, url: URL) {
    let path = "\(ResultsFolder.runPath(run.hash))/\(name)"
    return (path, results.url.appending(path: path))
  }

  private func texts(_ run: PlannedRun, _ group: PlannedGroup) -> [PNG.Text] {
    [
      PNG.Text("Prompt", run.prompt.prompt), PNG.Text("Seed", "\(group.settings.seed)"),
      PNG.Text("Intervention", run.intervention), PNG.Text("Content-Hash", run.hash),
      PNG.Text("Software", "attnlab \(attnlabVersion)"),
    ]
  }

  /// Writes what the model expected in the last step, where the file asks for it.
  func writePredicted(_ group: PlannedGroup, _ denoising: Denoising) throws {
    let step = denoising.step - 1
    guard group.predictedSteps.contains(step), let expected = denoising.predictedClean else { return }
    for (index, run) in group.runs.enumerated() {
      let picture = try plan.model.picture(expected.slice(index..<(index + 1)))
      let file = place(run, "\(Self.predictedKind(step: step)).png").url
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try PNG.write(picture, texts: texts(run, group) + [PNG.Text("Predicted-After-Step", "\(step)")], to: file)
    }
  }

  /// Whether every predicted picture of the steps before one is there.
  func hasPredicted(_ group: PlannedGroup, before step: Int) -> Bool {
    group.predictedSteps.filter { $0 < step }.allSatisfy { step in
      group.runs.allSatisfy {
        FileManager.default.fileExists(atPath: place($0, "\(Self.predictedKind(step: step)).png").url.path)
      }
    }
  }

  /// Writes a finished run's picture and latents.
  /// - Returns: all that it leaves.
  func write(_ run: PlannedRun, _ group: PlannedGroup, _ latents: Tensor) throws -> [Artifact] {
    let picture = place(run, "picture.png").url
    try FileManager.default.createDirectory(at: picture.deletingLastPathComponent(), withIntermediateDirectories: true)
    try PNG.write(plan.model.picture(latents), texts: texts(run, group), to: picture)
    try SafetensorsWriter.write(
      [("latents", latents.channelsFirst())], metadata: ["hash": run.hash],
      to: place(run, "latents.safetensors").url)
    let predicted = group.predictedSteps.map(Self.predictedKind).map { ($0, "\($0).png") }
    return try ([("picture", "picture.png"), ("latents", "latents.safetensors")] + predicted).map { kind, name in
      let file = place(run, name)
      return Artifact(kind: kind, path: file.path, sha256: sha256(try Data(contentsOf: file.url)))
    }
  }
}
