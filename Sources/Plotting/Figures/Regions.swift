import Tensors

/// A thing in a picture, and what is said of it.
public struct LabeledRegion: Hashable, Sendable {
  /// Such as `red car 98 %`.
  public let label: String
  /// In pixels of the picture; right and bottom excluded.
  public let left, top, right, bottom: Int
  /// The pixels of the picture that it covers, `y * width + x`.
  public let pixels: [Int]

  public init(_ label: String, left: Int, top: Int, right: Int, bottom: Int, pixels: [Int]) {
    self.label = label
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
    self.pixels = pixels
  }
}

extension Figures {
  /// A picture with a box around each region, beside it the regions' pixels in colors on the grayed picture, and below
  /// their labels in the same colors.
  ///
  /// - Parameter note: said of the whole picture, after the labels.
  /// - Throws: `PlottingError` if a region's pixels lie outside the picture.
  public static func regions(
    title: String, picture: Picture, regions: [LabeledRegion], note: String
  ) throws -> Picture {
    var check = FigureCheck("regions")
    for region in regions {
      check.expect(
        region.pixels.allSatisfy { (0..<picture.width * picture.height).contains($0) },
        "\"\(region.label)\" has pixels outside the picture of \(picture.width) x \(picture.height)")
    }
    try check.finish()
    let width = Layout.cellWidth(columns: 2, allowed: 256...384)
    let cell = (width: width, height: Layout.cellHeight(width, like: picture))
    let line = Lettering.lineHeight(Layout.captionSize)
    let words = try Lettering().wrap(note, size: Layout.noteSize, width: 2 * width + Layout.gap, maxLines: 2)
    let below = regions.count * line + words.count * Lettering.lineHeight(Layout.noteSize)
    var page = try Page(title: title, width: 2 * cell.width + Layout.gap, height: cell.height + Layout.gap + below)
    let fitted = try picture.fitted(width: cell.width, height: cell.height)
    let masks = try masked(picture, regions).fitted(width: cell.width, height: cell.height)
    page.canvas.draw(fitted, x: page.x, y: page.y)
    page.canvas.draw(masks, x: page.x + cell.width + Layout.gap, y: page.y)
    for (index, region) in regions.enumerated() {
      let color = RGB.distinct[index % RGB.distinct.count]
      func scale(_ value: Int) -> Int { value * fitted.width / picture.width }
      page.canvas.frame(
        color, x: page.x + scale(region.left), y: page.y + scale(region.top),
        width: scale(region.right - region.left), height: scale(region.bottom - region.top), thickness: 3)
      let y = page.y + cell.height + Layout.gap + index * line
      page.canvas.fill(color, x: page.x, y: y + 3, width: 14, height: 14)
      page.canvas.text(region.label, x: page.x + 22, y: y, size: Layout.captionSize)
    }
    page.canvas.text(
      words, x: page.x, y: page.y + cell.height + Layout.gap + regions.count * line, size: Layout.noteSize,
      color: .softInk)
    return try page.canvas.picture()
  }

  private static func masked(_ picture: Picture, _ regions: [LabeledRegion]) throws -> Picture {
    var result = picture.subdued()
    for (index, region) in regions.enumerated() {
      let color = RGB.distinct[index % RGB.distinct.count]
      for pixel in region.pixels {
        let mixed = result.color(pixel).mixed(with: color, share: 0.6)
        result.pixels.replaceSubrange(pixel * 3..<pixel * 3 + 3, with: [mixed.red, mixed.green, mixed.blue])
      }
    }
    return result
  }
}
