import AttentionStore
import ExperimentFiles
import Foundation
import Generation
import Planning

/// Where the runs of an experiment, their maps and pictures are: in its own folder, or in that of the experiment whose maps
/// it reads.
package struct RunOrigin {
  package let results: ResultsFolder
  /// Opened for reading where it is another experiment's.
  package let store: AttentionStore

  private init(results: ResultsFolder, store: AttentionStore) {
    self.results = results
    self.store = store
  }

  /// The results that an experiment file's `maps_from` names.
  /// - Parameter root: the folder that holds a folder for each experiment.
  /// - Throws: `ResultsError` if there are none; `StoreError`.
  package init(named name: String, in root: URL) throws {
    let results = ResultsFolder(root.appending(path: name))
    // The name may come from a database.
    guard isFolderName(name), FileManager.default.fileExists(atPath: results.database.path) else {
      throw ResultsError.noMapsFrom(name: name, database: results.database.path)
    }
    self.init(results: results, store: try AttentionStore.open(results.database, mode: .readOnly))
  }

  /// Where the runs of an experiment are that has results.
  /// - Parameter mapsFrom: of its file.
  /// - Throws: as above.
  init(of results: ResultsFolder, _ store: AttentionStore, mapsFrom: String?) throws {
    if let mapsFrom {
      try self.init(named: mapsFrom, in: results.url.deletingLastPathComponent())
    } else {
      self.init(results: results, store: store)
    }
  }

  /// The same of the plan that was begun last.
  package init(of results: ResultsFolder, _ store: AttentionStore) throws {
    struct Plan: Decodable {
      struct Spec: Decodable { let mapsFrom: String? }
      let spec: Spec
    }
    // What is wrong with a plan is for those to say who need more of it.
    let plan = try store.lastPlan().flatMap { try? JSONDecoder().decode(Plan.self, from: Data($0.json.utf8)) }
    try self.init(of: results, store, mapsFrom: plan?.spec.mapsFrom)
  }

  /// Refuses a plan of which runs are not done.
  /// - Throws: `ResultsError` with their number and the first of them; `StoreError`.
  package func requireRuns(of plan: ExperimentPlan) throws {
    let statuses = try store.statusOfRuns()
    let runs = plan.groups.flatMap(\.runs)
    let open = runs.filter { statuses[$0.hash] != .done }
    guard let first = open.first else { return }
    throw ResultsError.openRuns(
      name: results.name, count: open.count, total: runs.count, first: "\(first.key)",
      status: statuses[first.hash]?.rawValue ?? "not begun")
  }
}

extension ExperimentPlan {
  /// The plan of an experiment that reads the maps of another one, whose last plan says what there is.
  /// - Parameters:
  ///   - modelHash: of the model that the file names.
  ///   - root: the folder that holds a folder for each experiment.
  /// - Throws: `ResultsError` if the other has no results or no plan; `ExperimentError` for what the two do not agree in;
  ///   `StoreError`.
  package static func reading(_ spec: ExperimentSpec, from other: String, modelHash: String, in root: URL) throws
    -> ExperimentPlan
  {
    try last(of: RunOrigin(named: other, in: root).store).read(by: spec, modelHash: modelHash)
  }
}
