import ArgumentParser
import AttentionStore
import Formatting
import Foundation
import Plotting
import Reporting
import Results

struct MapsPCACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pca",
    abstract: "Draw the principal components of self-attention as colors.",
    discussion: """
      For each layer and step there is a matrix with a row for each cell of the picture (query) and a column for \
      each cell that it looks at (key). It holds the mean over heads, or all heads side by side if the record keeps \
      each. Its columns are centered. The scores of the first three principal components are drawn as red, green and \
      blue, each from its lowest to its highest. Cells of one color look at the same places. A component's score of \
      largest magnitude is positive. You cannot compare colors between maps.

      At most \(ComponentsView.mostSteps) steps are drawn, evenly chosen from those recorded; --steps names others. Writes \
      components.png; the table has a line for each cell and component.

      Examples:
        attnlab maps pca first-look
        attnlab maps pca first-look --prompt "a blue car" --sites self:11-13
        attnlab maps pca first-look --intervention "self all" --steps 10,20
      """)

  @OptionGroup var view: ViewOptions

  private struct Shares: Encodable {
    let site: String
    let layer, step: Int
    let shares: [Double]
  }

  func run() throws {
    try view.with { store, _ in
      let run = try view.run(in: store)
      let components = try ComponentsView(view.request(run), store: store)
      var table = TextTable(["layer", "step", "1st, % of variance", "2nd", "3rd"], right: [1, 2, 3, 4])
      for cell in components.cells {
        table.add(
          [cell.site.figureLabel, "\(cell.step)"] + cell.components.map { String(format: "%.1f", 100 * $0.share) })
      }
      try view.write(
        [("components.png", try components.figure())], of: [run], csv: components.csv,
        text: "run    \(printable(run.title))\n"
          + "steps  \(components.steps.count) of \(components.recordedSteps) that were recorded\n\n\(table.text)",
        json: components.cells.map {
          Shares(site: $0.site.path, layer: $0.site.layer, step: $0.step, shares: $0.components.map(\.share))
        })
    }
  }
}

struct MapsPointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "point",
    abstract: "Draw where one point of the picture looks, at every recorded layer.",
    discussion: """
      Draws the self-attention of the cell that the point falls in: how much its query takes from each place, \
      averaged over heads, in each layer over the grayed picture. The ring stands in the middle of the cell. Each \
      map has its own scale.

      Writes point.png; the table has a line for each layer and key.

      Examples:
        attnlab maps point first-look --point 64,80
        attnlab maps point first-look --point 20,20 --step 20 --csv point.csv
      """)

  @OptionGroup var view: ViewOptions

  @Option(name: .long, help: ArgumentHelp("In pixels from the top left of the picture.", valueName: "x,y"))
  var point: PixelPoint

  @Option(name: .long, help: ArgumentHelp("The step. (default: the middle one of those recorded)", valueName: "number"))
  var step: Int?

  private struct Layer: Encodable {
    let site: String
    let layer, row, column, height, width: Int
    let values: [Float]
  }

  func run() throws {
    try view.with { store, results in
      let run = try view.run(in: store)
      let looks = try PointView(view.request(run), point: point.place(in: run), step: step, store: store)
      let figure = try looks.figure(picture: try run.picture(store, results))
      var table = TextTable(["layer", "row", "column", "itself", "highest"], right: [1, 2, 3, 4])
      var layers: [Layer] = []
      for look in looks.layers {
        table.add(
          [look.site.figureLabel, "\(look.row)", "\(look.column)"] + [look.itself, look.highest].map(Readable.value))
        layers.append(
          Layer(
            site: look.site.path, layer: look.site.layer, row: look.row, column: look.column, height: look.map.height,
            width: look.map.width, values: look.map.values))
      }
      try view.write(
        [("point.png", figure)], of: [run], csv: looks.csv,
        text: "run   \(printable(run.title))\nstep  \(looks.step)\n\n\(table.text)", json: layers)
    }
  }
}

/// A pixel of a picture, as `64,80`: its column from the left and its row from the top, from 0.
struct PixelPoint: ExpressibleByArgument {
  let x: Int
  let y: Int

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1] else { return nil }
    (self.x, self.y) = (x, y)
  }

  /// The middle of the pixel.
  /// - Throws: `UsageError` if it lies outside the run's picture.
  func place(in run: StoredRun) throws -> QueryPoint {
    let (width, height) = (run.run.setting.width, run.run.setting.height)
    guard (0..<width).contains(x), (0..<height).contains(y) else {
      throw UsageError(
        "--point: \(x),\(y) lies outside the picture of \(width) x \(height) pixels (width x height), counted from 0")
    }
    return QueryPoint(x: (Double(x) + 0.5) / Double(width), y: (Double(y) + 0.5) / Double(height))
  }
}
