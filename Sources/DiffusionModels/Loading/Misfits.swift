import Checkpoints
import Tensors

extension CLIPTextConfiguration {
  /// What a tokenizer may give that this encoder cannot take.
  /// - Parameters:
  ///   - folder: how messages name the tokenizer's folder.
  ///   - config: how they name the encoder's file, and `path` what stands before its keys.
  public func misfits(
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

extension CLIPConfiguration {
  /// Whether the parts of a folder fit one another.
  /// - Parameter file: how messages name the folder's `config.json`.
  /// - Throws: `CheckpointError` with all that does not.
  func check(
    _ tokenizer: CLIPTokenizer, _ preprocessor: PicturePreprocessor, file: String, folder: String
  ) throws(CheckpointError) {
    var problems = text.misfits(of: tokenizer, in: folder, config: file, path: "text_config.")
    if text.endTokenID != 2, text.endTokenID != tokenizer.endID {
      problems.append(
        .init(
          file: file, field: "text_config.eos_token_id", found: "\(text.endTokenID)",
          expected: "\(tokenizer.endID), the tokenizer's end of a text"))
    }
    let size = preprocessor.fixedSize
    if size != GridSize(height: vision.imageSize, width: vision.imageSize) {
      problems.append(
        .init(
          file: "\(folder)/preprocessor_config.json", field: preprocessor.crop == nil ? "size" : "crop_size",
          found: size.map { "\($0.width) x \($0.height)" } ?? "one that follows each picture's",
          expected: "\(vision.imageSize) x \(vision.imageSize), the vision_config.image_size of \(file)"))
    }
    guard problems.isEmpty else {
      throw CheckpointError(problems, advice: "The files come from different models: fetch all of one model.")
    }
  }
}
