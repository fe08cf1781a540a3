import Tensors

extension Figures {
  /// One word's map beside and over the picture it belongs to.
  ///
  /// - Parameters:
  ///   - title: such as the prompt.
  ///   - word: the map of the word, upsampled to the picture's size.
  ///   - scale: the values of the color bar's ends.
  /// - Throws: `PlottingError` if the scale is not finite and rising.
  public static func wordHeatMap(
    title: String, picture: Picture, word: LabeledMap, scale: ColorScale = .perMap, colorMap: ColorMap = .viridis
  ) throws -> Picture {
    var check = FigureCheck("heat map of a word")
    check.expectValid(scale)
    try check.finish()
    let width = 480
    let cell = (width: width, height: Layout.cellHeight(width, like: picture))
    let fitted = try picture.fitted(width: cell.width, height: cell.height)
    let overlay = try word.map.overlay(onSubdued: fitted.subdued(), scale.range(for: word.map), colorMap)
    let panels = [Panel(caption: "picture", picture: fitted), Panel(caption: word.label, picture: overlay)]
    return try PanelGrid(panels, columns: 2, cell: cell).figure(
      title: title, legend: Legend(scale: scale, colorMap: colorMap, maps: [word.map], note: overlayNote))
  }

  /// The picture, then one overlay for each word of its prompt, in as many rows as they need.
  ///
  /// - Parameters:
  ///   - title: such as the prompt.
  ///   - words: in the order of the prompt; maps may differ in size.
  /// - Throws: `PlottingError` if there is no word, or the scale is not finite and rising.
  public static func wordStrip(
    title: String, picture: Picture, words: [LabeledMap], scale: ColorScale, colorMap: ColorMap = .viridis
  ) throws -> Picture {
    var check = FigureCheck("strip of words")
    check.expect(!words.isEmpty, "expected the map of at least one word, found none")
    check.expectValid(scale)
    try check.finish()
    let columns = Layout.balancedColumns(words.count + 1, atMost: 6)
    let width = Layout.cellWidth(columns: columns, allowed: 140...320)
    let cell = (width: width, height: Layout.cellHeight(width, like: picture))
    let fitted = try picture.fitted(width: cell.width, height: cell.height)
    let subdued = fitted.subdued()
    let first = Panel(caption: "picture", picture: fitted)
    let panels = try words.map { word in
      Panel(
        caption: word.label,
        picture: try word.map.overlay(onSubdued: subdued, scale.range(for: word.map), colorMap),
        notes: rangeNotes(of: word.map, scale))
    }
    return try PanelGrid([first] + panels, columns: columns, cell: cell).figure(
      title: title, legend: Legend(scale: scale, colorMap: colorMap, maps: words.map(\.map), note: overlayNote))
  }

  static var overlayNote: String {
    "Drawn at \(Int((overlayOpacity * 100).rounded())) % opacity over the greyed picture"
  }

  /// A map's own ends, where colors alone do not tell them.
  static func rangeNotes(of map: HeatMap, _ scale: ColorScale) -> [String] {
    guard case .perMap = scale else { return [] }
    return [map.range.map(brief) ?? "no finite value"]
  }
}
