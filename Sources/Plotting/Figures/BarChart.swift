import Foundation
import Tensors

/// One bar: a metric under one intervention.
public struct Bar: Hashable, Sendable {
  /// A value that the bar is to lie beyond, drawn as a line with a foot on the side that counts.
  public struct Threshold: Hashable, Sendable {
    public let value: Double
    /// Whether larger values lie beyond it.
    public let isBelowWhatCounts: Bool

    public init(_ value: Double, isBelowWhatCounts: Bool) {
      self.value = value
      self.isBelowWhatCounts = isBelowWhatCounts
    }
  }

  public let label: String
  public let mean: Double
  /// The ends of the interval around the mean, or nil for none.
  public let interval: ClosedRange<Double>?
  /// Single measurements, drawn as dots.
  public let points: [Double]
  public let threshold: Threshold?
  /// Said after the numbers, such as a verdict.
  public let remark: String

  public init(
    _ label: String, mean: Double, interval: ClosedRange<Double>? = nil, points: [Double] = [],
    threshold: Threshold? = nil, remark: String = ""
  ) {
    self.label = label
    self.mean = mean
    self.interval = interval
    self.points = points
    self.threshold = threshold
    self.remark = remark
  }

  fileprivate var values: [Double] {
    [mean] + points + (interval.map { [$0.lowerBound, $0.upperBound] } ?? []) + (threshold.map { [$0.value] } ?? [])
  }
}

extension Figures {
  /// Horizontal bars from zero, with intervals, single measurements and the numbers beside them.
  ///
  /// - Parameters:
  ///   - axis: what is measured and in which unit, such as `PSNR to the source, dB`.
  ///   - note: said below the axis, such as `mean and 95 % bootstrap interval over 12 pairs`.
  /// - Throws: `PlottingError` if there is no bar, or a value is not finite.
  public static func barChart(title: String, axis: String, bars: [Bar], note: String = "") throws -> Picture {
    var check = FigureCheck("bar chart")
    check.expect(!bars.isEmpty, "expected at least one bar, found none")
    for bar in bars { check.expectFinite(bar.values, "bar \"\(bar.label)\"") }
    try check.finish()
    return try BarLayout(title: title, axis: axis, bars: bars, note: note).drawn()
  }
}

/// Round numbers along an axis: multiples of 1, 2 or 5 times a power of ten that enclose all values.
struct AxisTicks: Hashable {
  let step: Double
  let first: Int
  let last: Int

  /// - Parameter fromZero: Whether zero is enclosed too, as lengths of bars need it. Values that differ by less than
  ///   0.01 % of the largest have it anyway, since their numbers would be too long. Values below 1e-300 count as zero.
  init(covering values: [Double], fromZero: Bool = true, count: Int = 6) {
    var (low, high) = (values.min() ?? 0, values.max() ?? 0)
    if fromZero || high - low < 1e-4 * max(abs(low), abs(high)) { (low, high) = (min(0, low), max(0, high)) }
    // The step of such a span is 0, or has too few bits to divide by.
    if high - low < 1e-300 { (low, high) = (0, 0) }
    let span = low == high ? 1 : high - low
    let power = pow(10, (log10(span / Double(count))).rounded(.down))
    let most = Double(count) + 1e-9
    let factors: [Double] = [1, 2, 5, 10]
    let factor = factors.first { span / (power * $0) <= most } ?? 10
    let step = power * factor
    self.step = step
    // A value on a tick must not ask for one more because of rounding.
    first = Int((low / step + 1e-9).rounded(.down))
    last = low == high ? Int((1 / step).rounded(.up)) : Int((high / step - 1e-9).rounded(.up))
  }

  var range: ClosedRange<Double> { Double(first) * step...Double(last) * step }
  var values: [Double] { (first...last).map { Double($0) * step } }

  /// The numbers of the values, with as many digits as tell them apart.
  var numbers: [String] {
    let largest = log10(max(abs(range.lowerBound), abs(range.upperBound))).rounded(.down)
    let digits = max(3, Int(largest - log10(step * 1.000001).rounded(.down)) + 1)
    return values.map { brief($0, digits: digits) }
  }
}

private struct BarLayout {
  /// Of labels with one line or two.
  private static let rowHeight = 46
  private static let barHeight = 24
  private static let barColor = RGB(0x5B8DB8)
  private static let pointColor = RGB(0x1F3A54)
  private static let thresholdColor = RGB(0xC2410C)
  private static let plotWidth = 640
  private static let axisHeight = 62

  let title: String
  let axis: String
  let bars: [Bar]
  let note: String
  private let ticks: AxisTicks
  private let labels: [[String]]
  private let labelWidth: Int
  private let rowHeight: Int
  private let numbers: [String]
  private let numberWidth: Int

  init(title: String, axis: String, bars: [Bar], note: String) throws {
    let lettering = try Lettering()
    self.title = title
    self.axis = axis
    self.bars = bars
    self.note = note
    ticks = AxisTicks(covering: bars.flatMap(\.values))
    let widest = bars.map { lettering.width($0.label, size: Layout.noteSize) }.max() ?? 0
    let room = min(280, widest)
    labelWidth = room
    labels = bars.map { lettering.wrap($0.label, size: Layout.noteSize, width: room, maxLines: 4) }
    let most = labels.map(\.count).max() ?? 0
    rowHeight = max(Self.rowHeight, most * Lettering.lineHeight(Layout.noteSize) + 8)
    numbers = bars.map { bar in
      brief(bar.mean) + (bar.interval.map { "  [\(brief($0.lowerBound)), \(brief($0.upperBound))]" } ?? "")
        + (bar.remark.isEmpty ? "" : "  \(bar.remark)")
    }
    numberWidth = min(400, numbers.map { lettering.width($0, size: Layout.noteSize) }.max() ?? 0)
  }

  private var plotX: Int { labelWidth + 14 }

  func drawn() throws -> Picture {
    let plotHeight = bars.count * rowHeight
    let noteHeight = note.isEmpty ? 0 : Lettering.lineHeight(Layout.noteSize)
    var page = try Page(
      title: title, width: plotX + Self.plotWidth + Layout.gap + numberWidth,
      height: plotHeight + Self.axisHeight + noteHeight)
    drawAxis(on: &page, height: plotHeight)
    for index in bars.indices { drawBar(index, on: &page) }
    // Above the bars, so that it is whole.
    page.canvas.fill(.ink, x: page.x + plotX + pixel(0), y: page.y, width: 1, height: plotHeight + 6)
    page.canvas.text(
      note, x: page.x, y: page.y + plotHeight + Self.axisHeight, size: Layout.noteSize, color: .softInk,
      maxWidth: page.canvas.width - 2 * Layout.margin)
    return try page.canvas.picture()
  }

  /// The place of a value along the axis, in pixels from the plot's left edge.
  private func place(_ value: Double) -> Double {
    let range = ticks.range
    return (value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(Self.plotWidth)
  }

  private func pixel(_ value: Double) -> Int { Int(place(value).rounded()) }

  private func drawAxis(on page: inout Page, height: Int) {
    for value in ticks.values {
      let x = page.x + plotX + pixel(value)
      page.canvas.fill(RGB(0xE4E4E4), x: x, y: page.y, width: 1, height: height + 6)
      page.canvas.text(
        brief(value), x: x, y: page.y + height + 10, size: Layout.noteSize, anchor: .center,
        maxWidth: Self.plotWidth / max(1, ticks.values.count - 1))
    }
    page.canvas.text(
      axis, x: page.x + plotX + Self.plotWidth / 2, y: page.y + height + 34, size: Layout.noteSize, anchor: .center,
      maxWidth: Self.plotWidth + Layout.gap)
  }

  private func drawBar(_ index: Int, on page: inout Page) {
    let bar = bars[index]
    let left = Double(page.x + plotX)
    let middle = page.y + index * rowHeight + rowHeight / 2
    let ends = (min(pixel(0), pixel(bar.mean)), max(pixel(0), pixel(bar.mean)))
    page.canvas.fill(
      Self.barColor, x: page.x + plotX + ends.0, y: middle - Self.barHeight / 2, width: ends.1 - ends.0,
      height: Self.barHeight)
    for (number, value) in bar.points.enumerated() {
      // Four lanes keep equal measurements apart and leave the middle to the interval.
      let lane = [-8.0, 4, -4, 8][number % 4]
      page.canvas.disc(.white, centerX: left + place(value), centerY: Double(middle) + lane, radius: 3.5)
      page.canvas.disc(Self.pointColor, centerX: left + place(value), centerY: Double(middle) + lane, radius: 2.5)
    }
    if let threshold = bar.threshold { draw(threshold, on: &page.canvas, left: left, y: Double(middle)) }
    if let interval = bar.interval { draw(interval, on: &page.canvas, left: left, y: Double(middle)) }
    let line = Lettering.lineHeight(Layout.noteSize)
    page.canvas.text(
      labels[index], x: page.x + labelWidth, y: middle - labels[index].count * line / 2, size: Layout.noteSize,
      anchor: .right)
    page.canvas.text(
      numbers[index], x: page.x + plotX + Self.plotWidth + Layout.gap, y: middle - line / 2, size: Layout.noteSize,
      color: .softInk, maxWidth: numberWidth)
  }

  private func draw(_ threshold: Bar.Threshold, on canvas: inout Canvas, left: Double, y: Double) {
    let x = left + place(threshold.value)
    let (top, bottom) = (y - Double(rowHeight) / 2 + 4, y + Double(rowHeight) / 2 - 4)
    canvas.line(Self.thresholdColor, fromX: x, y: top, toX: x, y: bottom, thickness: 2)
    let foot = threshold.isBelowWhatCounts ? 8.0 : -8.0
    for end in [top, bottom] {
      canvas.line(Self.thresholdColor, fromX: x, y: end, toX: x + foot, y: end, thickness: 2)
    }
  }

  private func draw(_ interval: ClosedRange<Double>, on canvas: inout Canvas, left: Double, y: Double) {
    let low = left + place(interval.lowerBound)
    let high = left + place(interval.upperBound)
    canvas.line(.ink, fromX: low, y: y, toX: high, y: y, thickness: 2)
    for x in [low, high] { canvas.line(.ink, fromX: x, y: y - 6, toX: x, y: y + 6, thickness: 2) }
  }
}
