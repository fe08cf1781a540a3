/// The metrics that there are.
public enum MetricRegistry {
  /// In the order in which they are explained. A metric of your own is a file below `Metrics` with a line here.
  public static let all: [Metric] =
    [.psnr, .ssim, .colorDifference, .clipScore, .clipDirection, .structureDistance, .lpips] + truth + rated
    + truth.map(\.bySecondReader)

  /// What the scene reader tells of the bundled model's world. A verdict on pictures rests on it, so a second one is asked each too.
  private static let truth: [Metric] = [
    .objectPresent, .colorPresent, .bindingRight, .bindingOfTwo, .backgroundRight, .styleRight, .pictureRight,
    .attributeReflected, .colorReflected, .objectReflected, .backgroundReflected, .styleReflected, .colorOfSource,
    .objectOfSource, .backgroundOfSource, .centerShift, .sizeChange, .centerKept, .sizeKept, .facingKept, .layoutKept,
    .outsideDifference, .outsideKept, .accepted, .expectedTries, .colorGain, .colorGainByChance, .colorGainEach,
    .colorShift, .facingRight, .centerX, .objectSize, .centerSpread, .sizeSpread, .facingSpread,
    .nounAUC, .colorAUC, .nounIoU, .colorIoU, .ownObject,
  ]

  /// What raters tell of it, who do not know the prompt.
  private static let rated: [Metric] = [.ratedObjectPresent, .ratedBindingRight]

  /// - Returns: nil if there is none of that name.
  public static func named(_ name: String) -> Metric? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}
