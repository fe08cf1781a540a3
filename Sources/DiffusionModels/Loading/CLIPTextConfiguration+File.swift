import Checkpoints
import Tensors

extension CLIPTextConfiguration {
  /// Reads `text_encoder/config.json`; of a whole CLIP's the section `text_config`, as transformers does.
  /// - Throws: `CheckpointError` naming every key that has a wrong type or value.
  public init(_ file: ConfigFile) throws(CheckpointError) {
    self.init()
    var file = file
    if file["text_config"] != nil {
      guard let section = file.section("text_config") else { throw CheckpointError(file.problems) }
      file = section
    }
    vocabularySize = file.int("vocab_size", default: 49408, in: 1...10_000_000)
    hiddenSize = file.int("hidden_size", default: 512, in: 1...65536)
    intermediateSize = file.int("intermediate_size", default: 2048, in: 1...1_000_000)
    layers = file.int("num_hidden_layers", default: 12, in: 1...1024)
    heads = file.int("num_attention_heads", default: 8, in: 1...4096)
    maxPositions = file.int("max_position_embeddings", default: 77, in: 3...4096)
    normEpsilon = file.double("layer_norm_eps", default: 1e-5, in: 0...1)
    let name = file.string("hidden_act", default: "quick_gelu", oneOf: ["quick_gelu", "gelu"])
    activation = Activation(rawValue: name) ?? .quickGELU
    usesAttentionMask = file.optionalBool("use_attention_mask", default: false) ?? false
    if file["eos_token_id"] != nil { endTokenID = file.int("eos_token_id", in: 0...(vocabularySize - 1)) }
    if hiddenSize % heads != 0 {
      file.report("num_attention_heads", expected: "a divisor of hidden_size, \(hiddenSize)")
    }
    try file.finish()
  }
}
