import AttentionStore
import Formatting
import Foundation
import Plotting
import Results
import Tensors

/// What the model expected the picture to become: a row a run, a column a step.
struct PredictedFigures {
  static let mostColumns = 10
  static let mostRows = 8

  let data: StoredResults
  let subjects: [FigureSubject]
  let omitted: [String]

  /// - Returns: nil where the experiment has none.
  func section(_ writer: FigureWriter) throws -> FigureSection? {
    var section = FigureSection(heading: "What the model expected", reading: Self.reading)
    guard let selector = data.spec.predictedClean, let steps = try? selector.resolve(count: data.callCount) else {
      section.omitted = [
        "Nothing is drawn: the file has no `predicted_clean`. `predicted_clean: { from: 0, to: \(data.callCount), every: 5 }` "
          + "would leave a picture after every fifth step."
      ]
      return section
    }
    section.omitted = omitted
    let columns = DrawnChoice.steps(steps, atMost: Self.mostColumns)
    if columns.count < steps.count {
      section.omitted.append("\(columns.count) of \(steps.count) steps are drawn; all are in the folder `runs`.")
    }
    for subject in subjects {
      let title = "\(data.spec.name): \(subject.caption), what the model expected"
      let all = runs(of: subject)
      let shown = all.prefix(Self.mostRows)
      if shown.count < all.count {
        section.omitted.append(
          "\(shown.count) of \(all.count) runs of \(Markdown.text(subject.caption)) are drawn; all are in the folder `runs`."
        )
      }
      let rows = try shown.compactMap { run -> PictureRow? in
        let pictures = columns.map { data.picture(of: run, kind: RunFile.predicted(step: $0).kind) }
        guard let any = pictures.compactMap({ $0 }).first else { return nil }
        let gap = try Picture.gap(like: any)
        return PictureRow(run.stored.run.intervention, detail: run.stored.prompt, pictures: pictures.map { $0 ?? gap })
      }
      guard !rows.isEmpty else { continue }
      let figure = try Figures.sideBySide(title: title, columns: columns.map { "after step \($0)" }, rows: rows)
      let written = try writer.write(
        figure, as: "predicted_clean-\(subject.number).png", title: title, prompts: [subject.caption],
        seeds: [subject.seed], hashes: [subject.run.stored.groupHash])
      section.entries.append((subject.caption, [written]))
    }
    return section
  }

  private static let reading = """
    After each of these steps the model was asked what the picture would be if all noise that it sees were taken away at once. \
    Early answers are blurred means over what the prompt allows; where a row settles, the rest of the steps only adds detail. \
    Compare rows: the step from which an intervention's row leaves the source's is the step that decided.
    """

  /// The subject's own run first, then the others of its group.
  private func runs(of subject: FigureSubject) -> [RunResults] {
    let group = data.present.filter {
      $0.stored.groupHash == subject.run.stored.groupHash && $0.isDone && $0.stored.id != subject.run.stored.id
    }
    return [subject.run] + group
  }
}
