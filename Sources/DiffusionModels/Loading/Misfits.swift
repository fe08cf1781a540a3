import Checkpoints
import Tensors

extension CLIPTextConfiguration {
  /// What a tokenizer may give that this encoder cannot take.
  /// - Parameters:
  ///   - folder: how messages name the tokenizer's folder.
  ///   - config: how they name the encoder's file, and `path` what stands before its keys.
  package func misfits(
    of tokenizer: CLIPTokenizer, in folder: String, config: String, path: String = ""
  ) -> [CheckpointError.Problem] {
    var problems: [CheckpointError.Problem] = []
    let largest = tokenizer.idCount - 1
    if largest >= vocabularySize {
      problems.append(
        .init(
          file: folder, field: "vocabulary", found: "token id \(largest)",
          expected: "ids below \(vocabularySize), the \(path)vocab_size of \(config)"))
    }
    if tokenizer.maxLength > maxPositions {
      problems.append(
        .init(
          file: "\(folder)/tokenizer_config.json", field: "model_max_length", found: "\(tokenizer.maxLength)",
          expected: "at most \(maxPositions), the \(path)max_position_embeddings of \(config)"))
    }
    return problems
  }
}
