import Attention
import AttentionStore
import ExperimentFiles
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// Where one point of the picture looks: self-attention's row of the cell that the point falls in, at each recorded layer.
public struct PointView {
  let run: StoredRun
  let point: QueryPoint
  public let step: Int
  /// By layer: the mean over heads of the probabilities over the keys' grid.
  let maps: [(site: AttentionSite, map: HeatMap)]

  /// - Parameter step: nil: the middle one of those that were recorded and asked for.
  /// - Throws: `ExperimentError` that says what was not recorded and what would record it; `SelectionError`; `StoreError`.
  public init(_ request: MapViewRequest, point: QueryPoint, step: Int? = nil, store: AttentionStore) throws {
    let maps = try ViewMaps(request, kind: .selfAttention, store: store)
    let record = maps.records[0]
    let chosen = step ?? record.steps[record.steps.count / 2]
    guard record.steps.contains(chosen) else {
      throw ExperimentError(
        "record \"\(record.name)\" has no maps of step \(chosen); recorded: \(ranges(record.steps))")
    }
    var found: [(site: AttentionSite, map: HeatMap)] = []
    try maps.gather(
      record, steps: [chosen], start: { PointRow(site: $0, $1, point) }, add: { $0.add($1) },
      finish: { site, _, row in found.append((site, try row.heatMap())) })
    run = maps.run
    self.point = point
    self.step = chosen
    self.maps = found.sorted { $0.site.index < $1.site.index }
  }

  /// What a layer's map says of the point.
  package struct Layer {
    package let site: AttentionSite
    package let map: HeatMap
    /// Of the point's cell.
    package let row, column: Int
    /// The probability of the cell itself.
    package let itself: Double
    /// Of any cell; nil where none is a number.
    package let highest: Double?

    fileprivate init(_ site: AttentionSite, _ map: HeatMap, _ point: QueryPoint) {
      let cell = point.cell(width: map.width, height: map.height)
      self.site = site
      self.map = map
      (row, column) = (cell.y, cell.x)
      itself = Double(map.values[cell.y * map.width + cell.x])
      highest = map.range.map { Double($0.upperBound) }
    }
  }

  /// In the order of the forward pass.
  package var layers: [Layer] { maps.map { Layer($0.site, $0.map, point) } }

  /// The picture with the point, then a map a layer, laid over the grayed picture.
  /// - Parameter title: nil: the prompt, the intervention, the seed and the step.
  public func figure(title: String? = nil, picture: Picture) throws -> Picture {
    try Figures.selfAttention(
      title: title ?? "\(run.figureTitle) · where a point looks · step \(step)", picture: picture,
      query: point,
      maps: maps.map { LabeledMap($0.site.briefLabel, $0.map) }, scale: .perMap, overPicture: true)
  }

  /// A line a key: `run,layer,site,step,query_y,query_x,y,x,value`.
  public var csv: Data {
    var table = CSVTable(["run", "layer", "site", "step", "query_y", "query_x", "y", "x", "value"])
    for (site, map) in maps {
      let cell = point.cell(width: map.width, height: map.height)
      for (key, value) in map.values.enumerated() {
        table.append([
          String(run.run.hash.prefix(16)), "\(site.layer)", site.path, "\(step)", "\(cell.y)", "\(cell.x)",
          "\(key / map.width)", "\(key % map.width)", CSVTable.number(Double(value)),
        ])
      }
    }
    return table.data
  }
}

/// The row of a point's cell, the mean over heads.
struct PointRow {
  let site: AttentionSite
  private let width: Int
  private let height: Int
  private let cell: Int
  private var mean: HeadMean<Float>

  /// - Parameter map: The first; it gives the grid and is not added.
  init(site: AttentionSite, _ map: StoredMap, _ point: QueryPoint) {
    self.site = site
    (width, height) = (map.width, map.height)
    let place = point.cell(width: map.width, height: map.height)
    cell = place.y * map.width + place.x
    mean = HeadMean(count: map.keys)
  }

  mutating func add(_ map: StoredMap) { mean.add(map.row(cell)) }

  /// The probabilities over the keys' grid.
  func heatMap() throws -> HeatMap {
    try HeatMap(width: width, height: height, values: mean.values)
  }
}
