import Foundation
import Tensors

/// A line of a chart: a value at each position of the axis, with what it is called.
public struct LineSeries: Hashable, Sendable {
  /// One value.
  public struct Point: Hashable, Sendable {
    public let value: Double
    /// The ends of the interval around the value, or nil for none.
    public let interval: ClosedRange<Double>?
    /// Whether the mark is filled. What open marks say stands in the chart's note, such as `not significant`.
    public let isFilled: Bool

    public init(_ value: Double, interval: ClosedRange<Double>? = nil, isFilled: Bool = true) {
      self.value = value
      self.interval = interval
      self.isFilled = isFilled
    }

    var values: [Double] { [value] + (interval.map { [$0.lowerBound, $0.upperBound] } ?? []) }
  }

  /// How a line is drawn.
  public enum Role: Hashable, Sendable {
    /// In a color, with marks and intervals.
    case finding
    /// Gray and broken, without marks: what findings are compared with.
    case control
  }

  public let label: String
  public let role: Role
  /// One for each position; nil where nothing was measured.
  public let points: [Point?]

  public init(_ label: String, role: Role = .finding, points: [Point?]) {
    self.label = label
    self.role = role
    self.points = points
  }
}

/// A horizontal line across a chart, such as chance or a ceiling.
public struct ReferenceLine: Hashable, Sendable {
  public let label: String
  public let value: Double

  public init(_ label: String, at value: Double) {
    self.label = label
    self.value = value
  }
}

/// One of the plots of a chart, all with the same axes.
public struct LinePanel: Hashable, Sendable {
  /// Said above it; empty for nothing.
  public let label: String
  public let series: [LineSeries]
  public let references: [ReferenceLine]

  public init(_ label: String = "", series: [LineSeries], references: [ReferenceLine] = []) {
    self.label = label
    self.series = series
    self.references = references
  }
}

/// The positions along a chart's horizontal axis.
public struct ChartPositions: Hashable, Sendable {
  /// Positions that belong together, such as the layers of the way down.
  public struct Group: Hashable, Sendable {
    public let label: String
    /// Places in the labels, from 0.
    public let range: ClosedRange<Int>

    public init(_ label: String, _ range: ClosedRange<Int>) {
      self.label = label
      self.range = range
    }
  }

  /// What they are, such as `layer`.
  public let title: String
  /// Of each position; only every second, third... is drawn where there is no room.
  public let labels: [String]
  /// Drawn under the labels, in rising order.
  public let groups: [Group]

  public init(_ title: String, _ labels: [String], groups: [Group] = []) {
    self.title = title
    self.labels = labels
    self.groups = groups
  }
}

extension Figures {
  /// Values along an axis as marks joined by lines, with interval bars and horizontal references, in one or more panels
  /// that share their axes and their legend.
  ///
  /// Findings have Okabe and Ito's colors and a mark each; controls and references are told apart by their dashes and by one of
  /// two grays.
  /// Series with one label look the same in all panels. Letters and lines are large enough to be shown at half the size.
  ///
  /// - Parameters:
  ///   - vertical: What is measured and in which unit, such as `accuracy on held-out seeds, %`.
  ///   - range: Of the vertical axis; intervals are cut off at its ends. By default it reaches from 0 around all values.
  ///   - note: The caption below, such as what the bars are and n.
  /// - Throws: `PlottingError` if there is no panel, series or position, a series has not one point for each position, a
  ///   value is not finite, or a group lies beyond the positions.
  public static func lineChart(
    title: String, panels: [LinePanel], positions: ChartPositions, vertical: String,
    range: ClosedRange<Double>? = nil, note: String = ""
  ) throws -> Picture {
    var check = FigureCheck("line chart")
    check.expect(!panels.isEmpty, "expected at least one panel, found none")
    check.expect(!positions.labels.isEmpty, "expected at least one position, found none")
    let count = positions.labels.count
    for group in positions.groups {
      check.expect(
        group.range.lowerBound >= 0 && group.range.upperBound < count,
        "group \"\(group.label)\" has the places \(group.range.lowerBound) to \(group.range.upperBound) of \(count) positions"
      )
    }
    for panel in panels {
      check.expect(!panel.series.isEmpty, "panel \"\(panel.label)\" has no series")
      for series in panel.series {
        check.expect(
          series.points.count == count,
          "series \"\(series.label)\" has \(series.points.count) points for \(count) positions")
        check.expectFinite(series.points.flatMap { $0?.values ?? [] }, "series \"\(series.label)\"")
      }
      for line in panel.references { check.expectFinite([line.value], "line \"\(line.label)\"") }
    }
    if let range {
      check.expectFinite([range.lowerBound, range.upperBound], "the vertical axis")
      check.expect(
        range.lowerBound < range.upperBound, "the vertical axis has no length, expected ends in rising order")
    }
    try check.finish()
    return try LineChartLayout(
      title: title, panels: panels, positions: positions, vertical: vertical, range: range, note: note
    ).drawn()
  }
}

/// How the lines of a chart are told apart: by label, the same in all panels.
struct LineStyles {
  enum Style: Hashable {
    case marked(RGB, Marker)
    /// A gray, and the lengths of dashes and gaps, in pixels.
    case broken(RGB, [Double])
  }

  /// The shape of a mark.
  enum Marker: CaseIterable { case disc, square, triangle, diamond }

  /// In the order in which they first occur: findings, then controls, then references.
  let entries: [(label: String, style: Style)]

  static let thickness = 2.5

  /// Of the line between marks: paler than they are.
  static func lineColor(_ color: RGB) -> RGB { color.mixed(with: .white, share: 0.35) }

  /// The paler one is of lines for which no dashes are left in the other.
  private static let grays = [RGB(0x555555), RGB(0x8C8C8C)]
  private static let dashes: [[Double]] = [[2, 6], [12, 6], [6, 6], [22, 6], [12, 6, 2, 6], [22, 6, 6, 6]]

  init(_ panels: [LinePanel]) {
    let series = panels.flatMap(\.series)
    var findings: [String] = []
    for series in series where series.role == .finding && !findings.contains(series.label) {
      findings.append(series.label)
    }
    var others: [String] = []
    for label in series.filter({ $0.role == .control }).map(\.label) + panels.flatMap(\.references).map(\.label)
    where !others.contains(label) { others.append(label) }
    let marked = findings.enumerated().map { index, label -> (label: String, style: Style) in
      let markers = Marker.allCases
      return (label, .marked(RGB.distinct[index % RGB.distinct.count], markers[index % markers.count]))
    }
    let broken = others.enumerated().map { index, label -> (label: String, style: Style) in
      let gray = Self.grays[index / Self.dashes.count % Self.grays.count]
      return (label, .broken(gray, Self.dashes[index % Self.dashes.count]))
    }
    entries = marked + broken
  }

  /// - Parameter isBroken: A finding and a control may have one label.
  func style(_ label: String, isBroken: Bool) -> Style? {
    entries.first { entry in
      guard entry.label == label else { return false }
      if case .broken = entry.style { return isBroken }
      return !isBroken
    }?.style
  }
}

extension Canvas {
  /// Draws a mark with a white edge, so that it stands out from lines and from other marks.
  mutating func mark(_ marker: LineStyles.Marker, _ color: RGB, x: Double, y: Double, isFilled: Bool) {
    fill(marker, .white, x: x, y: y, radius: 8.5)
    fill(marker, color, x: x, y: y, radius: 7)
    if !isFilled { fill(marker, .white, x: x, y: y, radius: 4.5) }
  }

  /// All shapes of one radius cover about the same area.
  private mutating func fill(_ marker: LineStyles.Marker, _ color: RGB, x: Double, y: Double, radius: Double) {
    switch marker {
    case .disc: disc(color, centerX: x, centerY: y, radius: radius)
    case .square:
      let side = radius * 0.89
      polygon(color, [(x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side)])
    case .triangle:
      polygon(
        color, [(x, y - radius * 1.35), (x + radius * 1.17, y + radius * 0.68), (x - radius * 1.17, y + radius * 0.68)])
    case .diamond:
      let side = radius * 1.25
      polygon(color, [(x, y - side), (x + side, y), (x, y + side), (x - side, y)])
    }
  }
}
