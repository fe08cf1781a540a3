import Foundation
import Plotting
import Results
import Tensors

/// Source and edits in a row, one row a pair and seed; single prompts in tables of their own.
struct SideBySideFigures {
  /// A page with more rows is too long to be looked at as one.
  static let rowsOfPage = 8
  static let mostPages = 4

  let data: StoredResults

  private struct Row {
    let label: String
    let prompts: [String]
    let seed: Seed
    /// The seed and, in a sweep, the settings.
    let detail: String
    let runs: [RunResults?]
  }

  func section(_ writer: FigureWriter) throws -> FigureSection? {
    var section = FigureSection(heading: "Side by side", reading: reading)
    let settings = data.spec.generate.settings
    func places(_ seeds: [Seed]) -> [(Seed, String, [String])] {
      seeds.flatMap { seed in
        settings.map { (seed, $0.label, ["seed \(seed)", $0.label].filter { !$0.isEmpty }) }
      }
    }
    let names = data.spec.interventions.map(\.name)
    let pairs = data.spec.generate.pairs.map { pair in
      places(data.spec.generate.seeds(of: pair)).map { seed, settings, detail in
        Row(
          label: pair.label, prompts: [pair.label], seed: seed, detail: detail.joined(separator: ", "),
          runs: [data.source(of: pair, seed: seed, settings: settings)]
            + names.map { data.target(of: pair, seed: seed, intervention: $0, settings: settings) })
      }
    }
    let prompts = data.spec.generate.prompts.map { prompt in
      places(data.spec.generate.seeds).map { seed, settings, detail in
        Row(
          label: prompt, prompts: [prompt], seed: seed, detail: detail.joined(separator: ", "),
          runs: names.map { data.run(of: prompt, seed: seed, intervention: $0, settings: settings) })
      }
    }
    try add(pairs, columns: ["source"] + names, title: "source and edits", file: "side_by_side", writer, &section)
    try add(prompts, columns: names, title: "single prompts", file: "side_by_side-prompts", writer, &section)
    return section.entries.isEmpty ? nil : section
  }

  private var reading: String {
    let pairs = """
      Each row is one pair of prompts with one seed. The first picture is the source; the others are drawn from the target \
      prompt and the same noise, one an intervention. Look along a row: what stays where the source has it is layout that \
      was kept, what turns into what the target asks for is the edit.
      """
    let place = data.spec.generate.pairs.isEmpty ? "Each row" : "In the table of single prompts each row"
    let prompts = "\(place) is one prompt with one seed, each column an intervention."
    let texts =
      (data.spec.generate.pairs.isEmpty ? [] : [pairs]) + (data.spec.generate.prompts.isEmpty ? [] : [prompts])
    let gaps = data.expected.contains { $0.run?.isDone != true } ? ["A gray field is a run that is not done."] : []
    return (texts + gaps).joined(separator: " ")
  }

  private func add(
    _ rows: [[Row]], columns: [String], title: String, file: String, _ writer: FigureWriter,
    _ section: inout FigureSection
  ) throws {
    let most = Self.rowsOfPage * Self.mostPages
    // A row of nothing but gaps is said in the list of unfinished runs.
    let rows = Self.ordered(rows, most: most).filter { $0.runs.contains { $0?.isDone == true } }
    let starts = Array(stride(from: 0, to: rows.count, by: Self.rowsOfPage).prefix(Self.mostPages))
    for (page, start) in starts.enumerated() {
      let shown = Array(rows[start..<min(rows.count, start + Self.rowsOfPage)])
      let isOnly = starts.count == 1
      let number = isOnly ? "" : ", page \(page + 1) of \(starts.count)"
      let title = "\(data.spec.name): \(title)\(number)"
      guard let picture = try draw(shown, columns: columns, title: title) else { continue }
      let written = try writer.write(
        picture, as: isOnly ? "\(file).png" : "\(file)-\(page + 1).png", title: title,
        prompts: shown.flatMap(\.prompts),
        seeds: shown.map(\.seed), hashes: shown.flatMap { $0.runs.compactMap { $0?.stored.groupHash } })
      section.entries.append((isOnly ? "" : "Rows \(start + 1) to \(start + shown.count) of \(rows.count)", [written]))
    }
    if rows.count > most {
      section.omitted.append(
        "The first \(most) of \(rows.count) rows are drawn; the pictures of all runs are in the folder `runs`.")
    }
  }

  /// The rows of each pair one after another; where there are more than `most`, the first of every pair, then the second.
  static func ordered<T>(_ rows: [[T]], most: Int) -> [T] {
    guard rows.joined().count > most else { return Array(rows.joined()) }
    let longest = rows.map(\.count).max() ?? 0
    return (0..<longest).flatMap { place in rows.compactMap { $0.indices.contains(place) ? $0[place] : nil } }
  }

  /// - Returns: nil if no picture of the page can be read.
  private func draw(_ rows: [Row], columns: [String], title: String) throws -> Picture? {
    let pictures = rows.map { $0.runs.map { data.picture(of: $0) } }
    guard let any = pictures.joined().compactMap({ $0 }).first else { return nil }
    let gap = try Picture.gap(like: any)
    return try Figures.sideBySide(
      title: title, columns: columns,
      rows: zip(rows, pictures).map { row, pictures in
        PictureRow(row.label, detail: row.detail, pictures: pictures.map { $0 ?? gap })
      })
  }
}
