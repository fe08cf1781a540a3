import Analysis
import Attention
import AttentionStore
import ExperimentFiles
import Plotting
import Results
import Tensors

/// What differs between the attention of two runs: the second's maps less the first's, at each site and step that both
/// recorded.
///
/// Of cross-attention a word's map over the cells is compared; the distance is that of the maps brought to a sum of 1 each:
/// where the word is, not how much it gets. Of self-attention the distance is the mean over queries of the distances of
/// their rows, and what is drawn is the row of one point. `MapDistance` has the formulas.
public struct DifferenceView {
  /// What is compared.
  public enum Subject: Hashable, Sendable {
    /// A word of the first run's prompt, and the one of the second's that it is compared with.
    case word(String, other: String)
    /// A point of the picture, whose self-attention is drawn.
    case point(QueryPoint)

    var kind: AttentionKind {
      switch self {
      case .word: .cross
      case .point: .selfAttention
      }
    }
  }

  /// A site at a step.
  public struct Row {
    public let site: AttentionSite
    public let step: Int
    public let distance: MapDistance
    /// The second's less the first's, the means over heads: probabilities of a word, or of keys in multiples of
    /// 1 / keys, which is what each gets where all are looked at alike.
    let map: HeatMap
  }

  let first: StoredRun
  let second: StoredRun
  let record: String
  let subject: Subject
  /// By step and site.
  public let rows: [Row]

  /// - Parameters:
  ///   - request: Of the first run; its words are not used.
  ///   - second: The hash of the other run, whole.
  /// - Throws: `ExperimentError` for what one of the runs has not recorded, and which entry of `record` records it;
  ///   `SelectionError`; `StoreError`.
  public init(_ request: MapViewRequest, second: String, subject: Subject, store: AttentionStore) throws {
    var (one, other) = (request, request)
    other.run = second
    if case .word(let word, let otherWord) = subject { (one.words, other.words) = ([word], [otherWord]) }
    let sides = try [one, other].map { try ViewMaps($0, kind: subject.kind, store: store) }
    let records = sides.map { $0.records[0] }
    guard records[0].name == records[1].name else {
      throw ExperimentError(
        "the runs have no record in common that is asked for: \"\(records[0].name)\" and \"\(records[1].name)\"")
    }
    let steps = records[0].steps.filter(records[1].steps.contains)
    let known = try zip(sides, records).map { try $0.sites(of: $1) }
    let sites = known[0].filter(known[1].contains)
    guard !steps.isEmpty, !sites.isEmpty else {
      throw ExperimentError("record \"\(records[0].name)\" has no site and step of both runs")
    }
    var rows: [Row] = []
    for step in steps {
      for site in sites {
        let pair = try zip(sides, records).compactMap { maps, record in
          try Side(maps, record, step: step, site: site, subject)
        }
        if pair.count == 2 { rows.append(try Self.row(site, step, pair[0], pair[1])) }
      }
    }
    first = sides[0].run
    self.second = sides[1].run
    record = records[0].name
    self.subject = subject
    self.rows = rows
  }

  private static func row(_ site: AttentionSite, _ step: Int, _ a: Side, _ b: Side) throws -> Row {
    guard a.grid == b.grid else {
      throw ShapeError(
        "\(site.shortName), step \(step)", expected: "\(a.grid.width) x \(a.grid.height) cells",
        found: "\(b.grid.width) x \(b.grid.height)")
    }
    let distance: MapDistance
    if let one = a.mixture, let other = b.mixture {
      distance = try MapDistance(one, other)
    } else {
      distance = MapDistance(a.values, b.values)
    }
    let map = try HeatMap(
      width: a.grid.width, height: a.grid.height, values: zip(a.values, b.values).map { Float($1 - $0) })
    return Row(site: site, step: step, distance: distance, map: map)
  }
}

/// One run's attention of a site at a step, as far as it is compared.
private struct Side {
  let grid: GridSize
  /// What is drawn.
  let values: [Double]
  /// Of self-attention.
  let mixture: HeadMixture?

  /// - Returns: nil if there is no map.
  init?(
    _ maps: ViewMaps, _ record: MapSelection.Record, step: Int, site: AttentionSite, _ subject: DifferenceView.Subject
  ) throws {
    var found: (grid: GridSize, values: [Double], mixture: HeadMixture?)?
    switch subject {
    case .word:
      let keys = record.words?.first?.keys ?? []
      try maps.gather(
        record, steps: [step], site: site, start: { KeysMean(site: $0, $1, keys: keys) }, add: { try $0.add($1) },
        finish: { found = ($2.grid, $2.values, nil) })
    case .point(let point):
      try maps.gather(
        record, steps: [step], site: site,
        start: { (row: PointRow(site: $0, $1, point), mixture: HeadMixture(rows: $1.grid.cells, keys: $1.keys)) },
        add: { gathered, map in
          gathered.row.add(map)
          try gathered.mixture.add(map.values)
        },
        finish: { _, _, gathered in
          let map = try gathered.row.heatMap()
          let values = map.values.map { Double($0) * Double(map.values.count) }
          found = (GridSize(height: map.height, width: map.width), values, gathered.mixture)
        })
    }
    guard let found else { return nil }
    (grid, values, mixture) = found
  }
}
