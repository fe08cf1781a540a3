import Tensors

/// The figures of the workbench: plain values in, a picture out.
///
/// Every figure has a white page, a title, captions that are wrapped or cut to fit, and, where it shows maps, a color bar
/// and a sentence that says which values its ends stand for. All functions are pure, and the same arguments give the same
/// pixels. All throw `PlottingError` that names every problem of the arguments at once.
public enum Figures {
  /// How much of a map covers the picture under it.
  public static let overlayOpacity: Float = 0.65
}

/// A map and what to call it, such as a word of the prompt, or a layer and a step.
public struct LabeledMap: Hashable, Sendable {
  public let label: String
  public let map: HeatMap

  public init(_ label: String, _ map: HeatMap) {
    self.label = label
    self.map = map
  }
}

/// A picture and what to call it.
public struct LabeledPicture: Hashable, Sendable {
  public let label: String
  public let picture: Picture

  public init(_ label: String, _ picture: Picture) {
    self.label = label
    self.picture = picture
  }
}

/// Collects what is wrong with a figure's arguments.
struct FigureCheck {
  let figure: String
  private var problems: [String] = []

  init(_ figure: String) { self.figure = figure }

  mutating func expect(_ condition: Bool, _ problem: @autoclosure () -> String) {
    if !condition { problems.append(problem()) }
  }

  mutating func expectFinite(_ values: [Double], _ owner: String) {
    guard let broken = values.first(where: { !(abs($0) <= 1e300) }) else { return }
    problems.append("\(owner) has the value \(broken), expected finite values up to 1e300")
  }

  mutating func expectValid(_ scale: ColorScale) {
    if let problem = scale.problem { problems.append(problem) }
  }

  func finish() throws {
    guard problems.isEmpty else { throw PlottingError(.figure, "figure \"\(figure)\"", problems) }
  }
}
