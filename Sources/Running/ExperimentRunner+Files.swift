import AttentionStore
import Files
import Foundation
import Pipelines
import Planning

extension ExperimentRunner {
  /// Makes files of a group's finished runs again that are missing or changed.
  ///
  /// The group is computed again, since its bits are those of the whole batch. Only these files are written, and only with
  /// the bytes that the database expects: a file that comes out otherwise is a problem of the run's summary, and the row
  /// stays as it is.
  func makeLostFiles(
    of group: PlannedGroup, _ stored: StoredGroup, _ store: AttentionStore, _ tally: inout Tally
  ) throws {
    let lost = try lostFiles(of: group, stored, store, &tally)
    guard !lost.isEmpty else { return }
    let names = lost.sorted { $0.key < $1.key }.flatMap { index, kinds in
      kinds.keys.map { $0.path(of: group.runs[index].hash) }.sorted()
    }
    progress.note(
      "missing or changed, made again: \(names.prefix(5).joined(separator: ", "))"
        + (names.count > 5 ? " and \(names.count - 5) more" : ""))
    for (file, expected) in try again(group, lost, &tally) {
      guard sha256(file.data) == expected else {
        tally.fileProblems.append(
          "\(file.path): made again it has the SHA-256 \(sha256(file.data).prefix(16)), and the one that is stored is "
            + "\(expected.prefix(16)): nothing was written, and the run's row stays. Bring the file back from a copy, or "
            + "remove the run with `attnlab gc` and make it anew")
        continue
      }
      try files.write(file)
      tally.filesMade += 1
    }
  }

  /// The hashes of files that are missing or changed, by run.
  private func lostFiles(
    of group: PlannedGroup, _ stored: StoredGroup, _ store: AttentionStore, _ tally: inout Tally
  ) throws -> [Int: [RunFile: String]] {
    var lost: [Int: [RunFile: String]] = [:]
    for (index, run) in stored.runs.enumerated() where run.status == .done {
      let rows = Dictionary(
        try store.artifacts(run.id).map { ($0.kind, $0.sha256) }, uniquingKeysWith: { first, _ in first })
      let expected = files.files(of: group)
      let missing = expected.map(\.kind).filter { rows[$0] == nil }
      if !missing.isEmpty {
        tally.fileProblems.append(
          "\(results.database.path): run \(run.run.hash.prefix(16)) is done, and the database has no row of its "
            + "\(missing.joined(separator: ", ")). Remove the run with `attnlab gc` and make it anew")
      }
      for file in expected {
        if let hash = rows[file.kind], !files.isWhole(file, of: group.runs[index], sha256: hash) {
          lost[index, default: [:]][file] = hash
        }
      }
    }
    return lost
  }

  /// The files as they come out when the group is computed again, with the hashes that are stored.
  private func again(
    _ group: PlannedGroup, _ lost: [Int: [RunFile: String]], _ tally: inout Tally
  ) throws -> [(file: RunFileContents, expected: String)] {
    let attention = try plan.attention(of: group)
    try checkMemory(of: group, attention)
    var denoising = try group.denoising(model)
    var made: [(RunFileContents, String)] = []
    func add(_ file: RunFileContents, _ index: Int) {
      if let hash = lost[index]?[file.file] { made.append((file, hash)) }
    }
    while !denoising.isDone {
      try checkStop(tally)
      let step = denoising.step
      if group.inputLatentSteps.contains(step) {
        for index in lost.keys.sorted() { add(try files.inputLatents(index, group, denoising), index) }
      }
      try denoising.advance(
        probe: attention.probe(step: step), keepsPrediction: group.predictedSteps.contains(step))
      for index in lost.keys.sorted() {
        if let file = try files.predicted(index, group, denoising) { add(file, index) }
      }
      tally.stepsMade += 1
      progress.advanced(done: denoising.step, total: group.stepCount, of: .steps, work: "files again, \(group.label)")
    }
    for index in lost.keys.sorted() {
      for file in try files.finished(index, group, denoising) { add(file, index) }
    }
    return made
  }
}
