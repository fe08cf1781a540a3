/// What is recorded of an attention: `of` of an entry of `record`, and the column `of` of the table `record`.
///
/// Each is what the attention used: taken after the operations at its own place and at those before it, in the order
/// queries, keys, values, scores, probabilities, output. An operation at a later place leaves it as it is, so scores are
/// those that went into the softmax, also where the probabilities are replaced afterwards.
public enum RecordedQuantity: String, Codable, CaseIterable, Hashable, Sendable {
  /// After the softmax: the share of attention that each query gives to each key. Several token positions as one key
  /// are their sum.
  case probabilities
  /// Vectors of each head, `headDim` values a query. Pooled: the mean over a cell.
  case queries
  /// Vectors of each head, `headDim` values a key. Pooled over a picture, and over the positions of a token key: the mean.
  case keys
  /// As `keys`.
  case values
  /// `query . key / sqrt(headDim)`, before the softmax. Several positions as one key have the one score that has the sum of
  /// their probabilities: `log(sum(exp(score)))`.
  case scores
  /// What the attention adds to its block, after its last projection: the block's channels for each query. No head has an
  /// output of its own.
  case output
  /// `log(p / p of the start token)`: a key's score less the score of position 0, in fp32. Other keys do not enter it. Of
  /// cross-attention alone.
  case logRatio = "log_ratio"

  /// Whether it has a value for each query and key; the others have a vector for each query or key.
  public var isMap: Bool { [.probabilities, .scores, .logRatio].contains(self) }

  /// Whether its keys are chosen by token at cross-attention; queries and output stand on the picture alone.
  public var hasTokens: Bool { self != .queries && self != .output }

  /// Whether its values can be taken as a mean over heads; vectors of two heads have nothing in common.
  public var hasMeanOfHeads: Bool { isMap || self == .output }

  /// Where an operation may change it; nil for log ratios, which follow from scores.
  var place: AttentionEdit.Place? { AttentionEdit.Place(rawValue: rawValue) }

  /// Why it is not recorded at a site; nil where it is.
  public func refusal(at site: AttentionSite) -> String? {
    guard self == .logRatio, !site.keys.isText else { return nil }
    return "of: log_ratio is of cross-attention alone, which has a start token, and \(site.shortName) has none"
  }
}
