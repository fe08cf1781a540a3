/// A label that no prompt tells: what a scene reader measures of each picture.
public enum MeasuredLabel: String, CaseIterable, Codable, Hashable, Sendable {
  /// Left or right; pictures whose object has neither side are left out.
  case facing
  /// The left, middle or right third of the pictures, by the object's middle.
  case center
  /// The small, medium or large third of the pictures, by the object's box.
  case size

  /// The metric that classes are made of.
  package var metric: String {
    switch self {
    case .facing: "facing_right"
    case .center: "center_x"
    case .size: "object_size"
    }
  }

  /// From the lowest values on.
  package var classes: [String] {
    switch self {
    case .facing: ["left", "right"]
    case .center: ["left", "middle", "right"]
    case .size: ["small", "medium", "large"]
    }
  }

  /// For each value the place of its class: as many values in each as there can be, equal ones in one.
  ///
  /// Facing has two values, 0 and 1. Bounds of the others are quantiles of all values, whichever fold they are in: that defines
  /// what is to be told, and no probe sees it.
  package func classes(of values: [Double]) -> [Int] {
    guard self != .facing else { return values.map { $0 < 0.5 ? 0 : 1 } }
    let sorted = values.sorted()
    let bounds = (1..<classes.count).map { sorted[sorted.count * $0 / classes.count] }
    return values.map { value in bounds.count { $0 <= value } }
  }
}

extension ProbeSpec {
  /// What is measured of pictures, where that is the label.
  package var measured: MeasuredLabel? { MeasuredLabel(rawValue: label) }

  /// Labels that are no list.
  package static let ownLabels = ["intervention"] + MeasuredLabel.allCases.map(\.rawValue)
}
