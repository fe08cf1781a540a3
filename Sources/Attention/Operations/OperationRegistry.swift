/// The operations that there are.
public enum OperationRegistry {
  /// In the order in which they are explained. An operation of your own is a file below `Kinds` with a line here.
  public static let all: [AttentionOperation] = [
    .replace, .mix, .zero, .uniform, .identity, .shuffle, .blur, .scale, .datasetMean, .headMean, .spatialMean,
    .cache,
    .embedding, .randomEmbedding, .crossRead, .objectMask, .noisedSource,
  ]

  /// - Returns: nil if there is none of that name.
  public static func named(_ name: String) -> AttentionOperation? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
