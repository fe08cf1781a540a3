import AttentionStore
import Checkpoints
import Files
import Foundation
import Pipelines
import Planning
import Plotting
import Results
import Tensors

/// A file of a run with its bytes, before it is written.
struct RunFileContents {
  let file: RunFile
  /// Of the run.
  let hash: String
  let data: Data

  init(_ file: RunFile, of hash: String, _ data: Data) {
    self.file = file
    self.hash = hash
    self.data = data
  }

  /// Relative to the folder of the results.
  var path: String { file.path(of: hash) }
  var artifact: Artifact { Artifact(file, of: hash, sha256: sha256(data)) }
}

/// The files that runs leave beside the database: pictures, final latents, and predicted pictures on the way.
struct RunFiles {
  let model: StableDiffusion
  let results: ResultsFolder

  /// The files that each finished run of a group has.
  func files(of group: PlannedGroup) -> [RunFile] {
    (group.hasPictures ? [.picture, .latents] : [.latents]) + ofSteps(group).map(\.file)
  }

  /// Those that its steps leave on the way, with the step that each is of.
  private func ofSteps(_ group: PlannedGroup) -> [(step: Int, file: RunFile)] {
    group.predictedSteps.map { ($0, .predicted(step: $0)) }
      + group.inputLatentSteps.map { ($0, .inputLatents(step: $0)) }
  }

  private func texts(_ run: PlannedRun, _ group: PlannedGroup) -> [PNG.Text] {
    .origin(
      prompts: [run.prompt.prompt], seeds: [group.settings.seed],
      details: [PNG.Text("Intervention", run.intervention)], hashes: [run.hash])
  }

  // MARK: - Making

  /// What the model expected of a run in the last step, where the file asks for it.
  /// - Throws: `BrokenPicture`; what decoding throws.
  func predicted(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> RunFileContents? {
    let step = denoising.step - 1
    guard group.predictedSteps.contains(step), let expected = denoising.predictedClean else { return nil }
    let run = group.runs[index]
    let picture = try model.picture(expected.slice(index..<(index + 1)))
    let texts = texts(run, group) + [PNG.Text("Predicted-After-Step", "\(step)")]
    return RunFileContents(
      .predicted(step: step), of: run.hash, Data(try PNG.encode(picture, texts: texts)))
  }

  /// What the model is about to be given of a run.
  func inputLatents(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> RunFileContents {
    try latents(
      denoising.modelInput.slice(index..<(index + 1)), as: .inputLatents(step: denoising.step), of: group.runs[index])
  }

  private func latents(_ latents: Tensor, as file: RunFile, of run: PlannedRun) throws -> RunFileContents {
    let data = try SafetensorsWriter.encode(
      [("latents", latents.channelsFirst())], metadata: ["hash": run.hash], name: "latents.safetensors")
    return RunFileContents(file, of: run.hash, data)
  }

  /// The picture and the latents of a run whose steps are all taken; the latents alone of one that stops before.
  /// - Throws: `BrokenPicture`; what decoding throws.
  func finished(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> [RunFileContents] {
    let run = group.runs[index]
    let latents = try denoising.latents(of: index)
    let tensors = try self.latents(latents, as: .latents, of: run)
    guard group.hasPictures else { return [tensors] }
    let picture = try PNG.encode(model.picture(latents), texts: texts(run, group))
    return [RunFileContents(.picture, of: run.hash, Data(picture)), tensors]
  }

  // MARK: - Writing

  func write(_ file: RunFileContents) throws {
    try results.openForWriting().write(file.data, to: file.path, making: true)
  }

  /// Writes what the model expected of a run in the last step, where the file asks for it.
  func writePredicted(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws {
    if let file = try predicted(index, group, denoising) { try write(file) }
  }

  /// Writes a finished run's picture and latents.
  /// - Returns: all that it leaves.
  func write(_ index: Int, _ group: PlannedGroup, _ denoising: Denoising) throws -> [Artifact] {
    let finished = try finished(index, group, denoising)
    for file in finished { try write(file) }
    let hash = group.runs[index].hash
    let before = try ofSteps(group).map { _, file in
      Artifact(file, of: hash, sha256: sha256(try results.open().file(file.path(of: hash)).data(limit: Self.mostBytes)))
    }
    return finished.map(\.artifact) + before
  }

  // MARK: - Looking

  /// Whether every file of some runs and of the steps before one is there.
  func hasFilesOfSteps(_ group: PlannedGroup, of runs: [Int], before step: Int) -> Bool {
    guard let folder = try? results.open() else { return false }
    return ofSteps(group).filter { $0.step < step }.allSatisfy { _, file in
      runs.allSatisfy { index in (try? folder.kind(of: file.path(of: group.runs[index].hash))) == .file }
    }
  }

  /// Whether a file of a run is there with the bytes that it was written with.
  func isWhole(_ file: RunFile, of run: PlannedRun, sha256 hash: String) -> Bool {
    (try? results.open().file(file.path(of: run.hash)).data(limit: Self.mostBytes)).map { sha256($0) == hash } ?? false
  }

  /// A file of a run is smaller: a picture of 8192x8192 pixels has 201 million bytes before it is packed.
  static let mostBytes = 1 << 28
}
