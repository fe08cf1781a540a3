import Checkpoints
import DiffusionModels
import Tensors

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
          file: "\(folder)/\(preprocessor.file)", field: preprocessor.crop == nil ? "size" : "crop_size",
          found: size.map { "\($0.width) x \($0.height)" } ?? "one that follows each picture's",
          expected: "\(vision.imageSize) x \(vision.imageSize), the vision_config.image_size of \(file)"))
    }
    guard problems.isEmpty else {
      throw CheckpointError(problems, advice: "The files come from different models: fetch all of one model.")
    }
  }
}
