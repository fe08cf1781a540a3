import Attention
import Formatting
import Generation
import StrictYAML

extension RecordSpec {
  static let section = Section(
    "record", blank: RecordSpec(name: "", sites: ""),
    keys: [
      Key("name", \.name, .name, required: true, example: "words", "{allowed}"),
      Key(
        "of", \.of, .choice, brief: true, example: "scores",
        "the quantity, see below: {allowed}"),
      Key(
        "sites", \.sites, .sites, required: true, example: "\"cross:*\"",
        "selects attention sites, as `\"cross:*\"` or `\"self:4-14\"`"),
      Key("heads", \.heads, .choice, example: "all", "`mean`: one map; `all`: one map for each head"),
      Key("steps", \.steps, .steps, example: "[0, 10, 20]", "which denoising steps, see below"),
      Key(
        "tokens", \.tokens, .tokens, example: "[red, car]",
        "which keys of cross-attention maps: `all` positions, the prompt's `words`, or a list, see below"),
      Key("branch", \.branch, .choice, example: "both", "half of classifier-free guidance: {allowed}"),
      Key(
        "pool", \.pool, .orNull(.whole(1...1024)), example: "8",
        "the side of the grid, in cells, that maps are averaged down to, {allowed}; `null` to keep each site's grid"),
      Key("dtype", \.dtype, .choice, example: "fp16", "how values are stored: {allowed}"),
      Key(
        "random_unet", \.randomUNet, .ifGiven(.seed), brief: true, example: "1",
        "the seed of a UNet that was never trained: its attention to what the model is given is stored, see below"),
    ], check: check)

  /// Reports what a quantity does not have.
  private static let check: @Sendable (RecordSpec, Fields, FileReader) -> Void = { record, fields, reader in
    let name = record.of.rawValue
    if record.heads == .mean, !record.of.hasMeanOfHeads {
      reader.report(
        fields["heads"] ?? fields.field, "\(name) are vectors of single heads, which have no mean; write heads: all")
    }
    if record.heads == .all, record.of == .output, let heads = fields["heads"] {
      reader.report(heads, "an attention's output has no heads; leave the key out, or record values and probabilities")
    }
    if !record.of.hasTokens, record.tokens != .all, let tokens = fields["tokens"] {
      reader.report(tokens, "tokens are keys, and of is \(name), which belongs to places of the picture")
    }
    if record.of == .logRatio, record.dtype != .float32, let dtype = fields["dtype"] {
      reader.report(dtype, "log ratios are stored in fp32, so that small differences stay")
    }
  }
}
