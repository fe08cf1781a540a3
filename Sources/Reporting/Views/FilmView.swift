import Attention
import AttentionStore
import ExperimentFiles
import Foundation
import Plotting
import Results
import Tensors

/// A view of one run, step by step: the frames of a film.
///
/// All frames have one size and, of maps, one scale, so that brightness can be compared from step to step.
public struct FilmView {
  let run: StoredRun
  /// In the order of denoising.
  public let steps: [Int]
  public let frames: [Picture]

  private init(_ run: StoredRun, _ frames: [(step: Int, picture: Picture)]) {
    self.run = run
    steps = frames.map(\.step)
    self.frames = frames.map(\.picture)
  }

  /// Where the picture looks at a word: DAAM's mean over the layers and heads of each step.
  /// - Parameter word: nil: the prompt's last.
  /// - Throws: `ExperimentError` that says what was not recorded; `SelectionError`; `StoreError`; `PlottingError`.
  public static func word(
    _ word: String?, _ request: MapViewRequest, picture: Picture, store: AttentionStore
  ) throws -> FilmView {
    let whole = try WordView(request, store: store)
    guard let name = word ?? whole.words.last else { throw ExperimentError("the record keeps no word") }
    let maps = try whole.steps.map { step in
      let view = try WordView(request.at(step, words: [name]), store: store)
      guard let map = view.maps.first else { throw ExperimentError("\"\(name)\" was not recorded at step \(step)") }
      return (step: step, map: map)
    }
    let scale = ColorScale.covering(maps.map(\.map))
    let run = whole.run
    return FilmView(
      run,
      try maps.map { step, map in
        let title = "\(run.figureTitle) · step \(Self.number(step, of: whole.steps))"
        return (
          step, try Figures.wordHeatMap(title: title, picture: picture, word: LabeledMap(name, map), scale: scale)
        )
      })
  }

  /// Where a point of the picture looks, at every recorded layer.
  /// - Throws: as ``word(_:_:picture:store:)``.
  public static func point(
    _ point: QueryPoint, _ request: MapViewRequest, picture: Picture, store: AttentionStore
  ) throws -> FilmView {
    let recorded = try ViewMaps(request, kind: .selfAttention, store: store).records[0].steps
    let views = try recorded.map { try PointView(request.at($0), point: point, step: $0, store: store) }
    guard let run = views.first?.run else { throw ExperimentError("no step was recorded") }
    return FilmView(
      run,
      try views.map { view in
        let title =
          "\(run.figureTitle) · where a point looks · step \(Self.number(view.step, of: recorded))"
        // Each layer on its own scale: their grids differ in size, and with it what is much.
        return (view.step, try view.figure(title: title, picture: picture))
      })
  }

  /// What the model expected the picture to become.
  /// - Throws: `ExperimentError` if the run left no predicted pictures; `StoreError`; `PlottingError`.
  public static func predicted(_ run: StoredRun, results: ResultsFolder, store: AttentionStore) throws -> FilmView {
    let files = try store.artifacts(run.id).compactMap { artifact -> (step: Int, path: String)? in
      guard case .predicted(let step)? = RunFile(kind: artifact.kind) else { return nil }
      return (step: step, path: artifact.path)
    }.sorted { $0.step < $1.step }
    guard !files.isEmpty else {
      throw ExperimentError(
        "run \(run.run.hash.prefix(16)) left no predicted pictures; `predicted_clean: all` in the experiment file keeps one "
          + "of every step")
    }
    return FilmView(
      run,
      try files.map { step, path in
        let picture = try PNG.read(results.open().file(path))
        let row = PictureRow(run.prompt, detail: "seed \(run.run.seed)", pictures: [picture])
        return (
          step,
          try Figures.sideBySide(
            title: "what the model expects", columns: ["after step \(Self.number(step, of: files.map(\.step)))"],
            rows: [row])
        )
      })
  }

  /// In as many digits as the last one, so that frames do not differ in more than they must.
  private static func number(_ step: Int, of steps: [Int]) -> String {
    let width = "\(steps.max() ?? 0)".count
    let digits = "\(step)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension MapViewRequest {
  fileprivate func at(_ step: Int, words: [String]? = nil) -> MapViewRequest {
    var copy = self
    copy.steps = .list([step])
    copy.words = words ?? self.words
    return copy
  }
}
