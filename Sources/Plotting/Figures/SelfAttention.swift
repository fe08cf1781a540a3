import Tensors

/// A point of a picture, in fractions of its sides from the top left corner.
public struct QueryPoint: Hashable, Sendable {
  /// 0...1, left to right.
  public let x: Double
  /// 0...1, top to bottom.
  public let y: Double

  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }

  /// The cell of a grid that the point falls in; the right and lower edges belong to the last cells.
  public func cell(width: Int, height: Int) -> (x: Int, y: Int) {
    (min(width - 1, Int(x * Double(width))), min(height - 1, Int(y * Double(height))))
  }
}

extension Figures {
  /// Where one point of the picture looks: the picture, then a map for each layer or step, the point marked on all.
  ///
  /// - Parameters:
  ///   - maps: the self-attention probabilities of the query over the keys' grid; a map's own cells stay visible. The mark
  ///     stands in the middle of the query's cell.
  ///   - overPicture: whether the maps are laid over the grayed picture.
  /// - Throws: `PlottingError` if there is no map, the point lies outside the picture, or the scale is not finite and
  ///   rising.
  public static func selfAttention(
    title: String, picture: Picture, query: QueryPoint, maps: [LabeledMap], scale: ColorScale,
    overPicture: Bool = false, colorMap: ColorMap = .viridis
  ) throws -> Picture {
    var check = FigureCheck("self-attention of a point")
    check.expect(!maps.isEmpty, "expected at least one map, found none")
    check.expect(
      (0...1).contains(query.x) && (0...1).contains(query.y),
      "the point (\(query.x), \(query.y)) lies outside the picture, expected fractions in 0...1")
    check.expectValid(scale)
    try check.finish()
    let columns = Layout.balancedColumns(maps.count + 1, atMost: 5)
    let width = Layout.cellWidth(columns: columns, allowed: 180...400)
    let cell = (width: width, height: Layout.cellHeight(width, like: picture))
    let fitted = try picture.fitted(width: cell.width, height: cell.height)
    let subdued = overPicture ? fitted.subdued() : nil
    let pixel = query.cell(width: picture.width, height: picture.height)
    let point = "point at pixel \(pixel.x), \(pixel.y) of \(picture.width) x \(picture.height)"
    let first = Panel(caption: "picture", picture: try marked(fitted, x: query.x, y: query.y), notes: [point])
    let panels = try maps.map { labeled in
      let map = labeled.map
      let place = query.cell(width: map.width, height: map.height)
      let range = scale.range(for: map)
      let drawn =
        try subdued.map { try map.overlay(onSubdued: $0, range, colorMap, .nearest) }
        ?? map.picture(width: fitted.width, height: fitted.height, range: range, colorMap: colorMap)
      return Panel(
        caption: labeled.label,
        picture: try marked(
          drawn, x: (Double(place.x) + 0.5) / Double(map.width), y: (Double(place.y) + 0.5) / Double(map.height)),
        notes: ["column \(place.x), row \(place.y) of \(map.width) x \(map.height)"] + rangeNotes(of: map, scale))
    }
    return try PanelGrid([first] + panels, columns: columns, cell: cell).figure(
      title: title,
      legend: Legend(scale: scale, colorMap: colorMap, maps: maps.map(\.map), note: overPicture ? overlayNote : ""))
  }

  /// A ring with four ticks around a point, white within black so that it shows on every color; its middle stays free.
  private static func marked(_ picture: Picture, x: Double, y: Double) throws -> Picture {
    var canvas = try Canvas(width: picture.width, height: picture.height)
    canvas.draw(picture, x: 0, y: 0)
    let centerX = x * Double(picture.width)
    let centerY = y * Double(picture.height)
    let radius = max(6, Double(min(picture.width, picture.height)) / 28)
    for (color, extra) in [(RGB(0x000000), 2.5), (RGB.white, 0)] {
      canvas.ring(color, centerX: centerX, centerY: centerY, radius: radius, thickness: 2 + extra)
      for (dx, dy) in [(1.0, 0.0), (-1, 0), (0, 1), (0, -1)] {
        canvas.line(
          color, fromX: centerX + dx * radius, y: centerY + dy * radius, toX: centerX + dx * radius * 2,
          y: centerY + dy * radius * 2, thickness: 2 + extra)
      }
    }
    return try canvas.picture()
  }
}
