import AttentionStore
import Checkpoints
import Foundation
import Tensors

extension StoredResults {
  /// What the model was given of a run at a step, `[1, channels, height, width]`, as `input_latents` of the file kept it.
  /// - Returns: nil for a step that was not kept, and for a run that is not done.
  /// - Throws: `CheckpointError` if the file cannot be read.
  package func inputLatents(of run: RunResults, step: Int) throws -> Tensor? {
    guard run.isDone, let path = run.files[RunFile.inputLatents(step: step).kind] else { return nil }
    return try SafetensorsFile(url: origin.results.url.appending(path: path)).tensor(named: "latents")
  }
}
