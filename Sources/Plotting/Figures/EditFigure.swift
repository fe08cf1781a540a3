import Tensors

extension Figures {
  /// A source, its edit, and what was changed, side by side.
  ///
  /// The last is a heat map: at each pixel the mean over red, green and blue of how far the edit lies from the source, from 0
  /// (nothing changed) to 1 (black became white).
  /// - Parameters:
  ///   - title: such as the name of the method.
  ///   - source: with what stands above it, such as its prompt; so `edit`.
  /// - Throws: `PlottingError` if the pictures differ in size.
  public static func edit(title: String, source: LabeledPicture, edit: LabeledPicture) throws -> Picture {
    let (before, after) = (source.picture, edit.picture)
    var check = FigureCheck("edit")
    check.expect(
      before.width == after.width && before.height == after.height,
      "expected pictures of one size, found \(before.width) x \(before.height) and \(after.width) x \(after.height)")
    try check.finish()
    let map = try difference(before, after)
    let width = Layout.cellWidth(columns: 3, allowed: 128...360)
    let cell = (width: width, height: Layout.cellHeight(width, like: before))
    let scale = ColorScale.covering([map])
    let drawn = try map.picture(width: before.width, height: before.height, range: scale.range(for: map))
    let panels = try [(source.label, before), (edit.label, after), ("changed", drawn)].map {
      Panel(caption: $0.0, picture: try $0.1.fitted(width: cell.width, height: cell.height))
    }
    return try PanelGrid(panels, columns: 3, cell: cell).figure(
      title: title,
      legend: Legend(
        scale: scale, colorMap: .viridis, maps: [map],
        note: "Mean difference of red, green and blue; white less black is 1"
      ))
  }

  /// At each pixel the mean over red, green and blue of how far two pictures of one size lie apart, 0...1.
  static func difference(_ a: Picture, _ b: Picture) throws -> HeatMap {
    let values = (0..<a.width * a.height).map { pixel -> Float in
      var sum: Float = 0
      for i in 3 * pixel..<3 * (pixel + 1) { sum += abs(Float(a.pixels[i]) - Float(b.pixels[i])) }
      return sum / (3 * 255)
    }
    return try HeatMap(width: a.width, height: a.height, values: values)
  }
}
