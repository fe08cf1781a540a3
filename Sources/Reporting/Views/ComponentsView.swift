import Analysis
import Attention
import AttentionStore
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// The first three principal components of self-attention, as red, green and blue.
///
/// For a site and a step the rows are queries, the columns the keys of the map: of the mean over heads, or of all heads
/// side by side where each was recorded. Cells that look at the same places have the same color.
public struct ComponentsView {
  /// One site at one step.
  public struct Cell {
    public let site: AttentionSite
    public let step: Int
    let height: Int
    let width: Int
    /// Three, or fewer on a grid of fewer cells.
    public let components: [PrincipalComponents.Component]

    /// A pixel a cell of the grid: each component from its lowest (0) to its highest (255) score; one that is the same
    /// everywhere, or is not there, is 128.
    func colors() throws -> Picture {
      let channels = (0..<3).map { index -> [UInt8] in
        let scores = components.indices.contains(index) ? components[index].scores : []
        guard let low = scores.min(), let high = scores.max(), high > low else {
          return [UInt8](repeating: 128, count: height * width)
        }
        return scores.map { UInt8((($0 - low) / (high - low) * 255).rounded()) }
      }
      return try Picture(
        width: width, height: height, pixels: (0..<(height * width)).flatMap { cell in channels.map { $0[cell] } })
    }
  }

  let run: StoredRun
  /// By step and site.
  public let cells: [Cell]
  public let steps: [Int]
  /// Steps that were asked for and recorded; `steps` are some of them.
  public let recordedSteps: Int

  /// Steps that a figure has room for.
  public static let mostSteps = 4

  /// - Throws: `ExperimentError` that says what was not recorded and what would record it; `SelectionError`; `StoreError`;
  ///   `LinearAlgebraError` for maps that hold what is no number.
  public init(_ request: MapViewRequest, store: AttentionStore) throws {
    let maps = try ViewMaps(request, kind: .selfAttention, store: store)
    let record = maps.records[0]
    steps = DrawnChoice.steps(record.steps, atMost: Self.mostSteps)
    recordedSteps = record.steps.count
    var cells: [Cell] = []
    try maps.gather(
      record, steps: steps,
      start: { (grid: $1.grid, components: PrincipalComponents(rows: $1.grid.cells)) },
      add: { try $0.components.add($1.values) },
      finish: { site, step, gathered in
        cells.append(
          Cell(
            site: site, step: step, height: gathered.grid.height, width: gathered.grid.width,
            components: try gathered.components.components(3)))
      })
    run = maps.run
    self.cells = cells
  }

  /// Layers by steps, each cell of a grid in its color.
  public func figure() throws -> Picture {
    let sites = Set(cells.map(\.site)).sorted { $0.index < $1.index }
    let rows = try sites.compactMap { site -> PictureRow? in
      let ofSite = cells.filter { $0.site == site }
      guard ofSite.count == steps.count else { return nil }
      // Larger than it will be drawn, so that edges stay sharp.
      let shares = ofSite.map { "\(Int((100 * $0.components.reduce(0) { $0 + $1.share }).rounded()))" }
      return PictureRow(
        "layer \(site.layer) · \(ofSite[0].width)x\(ofSite[0].height)",
        detail: "\(shares.joined(separator: ", ")) % of variance",
        pictures: try ofSite.map { try $0.colors().enlarged(toAtLeast: 2 * Self.cellWidth) })
    }
    return try Figures.sideBySide(
      title: "\(run.figureTitle) · self-attention, its first three components as red, green and blue",
      columns: steps.map { "step \($0)" }, rows: rows, widest: Self.cellWidth)
  }

  /// In pixels; sixteen layers fit a page.
  private static let cellWidth = 150

  /// A line a cell and component: `run,layer,site,step,y,x,component,score,share`.
  public var csv: Data {
    var table = CSVTable(["run", "layer", "site", "step", "y", "x", "component", "score", "share"])
    for cell in cells {
      for (index, component) in cell.components.enumerated() {
        for (place, score) in component.scores.enumerated() {
          table.append([
            String(run.run.hash.prefix(16)), "\(cell.site.layer)", cell.site.path, "\(cell.step)",
            "\(place / cell.width)", "\(place % cell.width)", "\(index + 1)", CSVTable.number(score),
            CSVTable.number(component.share),
          ])
        }
      }
    }
    return table.data
  }
}

extension Picture {
  /// Each pixel a square of as many pixels as the longer side needs.
  func enlarged(toAtLeast side: Int) throws -> Picture {
    let factor = max(1, (side + max(width, height) - 1) / max(width, height))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(self.pixels.count * factor * factor)
    for y in 0..<height {
      var row: [UInt8] = []
      for x in 0..<width {
        let start = (y * width + x) * 3
        for _ in 0..<factor { row += self.pixels[start..<(start + 3)] }
      }
      for _ in 0..<factor { pixels += row }
    }
    return try Picture(width: width * factor, height: height * factor, pixels: pixels)
  }
}
