import Analysis
import Formatting
import Foundation
import Measures
import Plotting
import Results

/// Pictures of an experiment for raters who are not told their prompts: a page that asks what each shows, and a table for
/// the answers.
package struct RatingSheet {
  /// In the order in which they are shown.
  package let runs: [RunResults]
  private let results: StoredResults
  private let words: SceneVocabulary

  /// The page's and the table's names.
  package static let page = "rate.html"
  package static let answers = "answers.csv"
  /// The table's columns.
  package static let header = ["picture", "run", "answer"]

  /// Draws pictures by lot, and shuffles them.
  /// - Parameters:
  ///   - count: At most so many.
  ///   - seed: Of the lot: the same seed and results give the same sheet.
  ///   - words: What there is to answer.
  package init(_ results: StoredResults, count: Int, seed: UInt64, words: SceneVocabulary) {
    var random = SplitMix64(seed: seed)
    let pictures = results.present.filter(results.hasPicture).shuffled(using: &random)
    runs = Array(pictures.prefix(count))
    self.results = results
    self.words = words
  }

  /// The files of the sheet by their paths, each made when it is written.
  package var files: [(path: String, bytes: () throws -> Data)] {
    let pictures: [(String, () throws -> Data)] = runs.enumerated().map { index, run in
      (
        Self.picturePath(index),
        {
          guard let picture = results.picture(of: run) else {
            throw RatingError("the picture of run \(run.shortHash) cannot be read; `attnlab run` makes it again")
          }
          // Without the texts of the stored file, which tell the prompt.
          return Data(try PNG.encode(picture))
        }
      )
    }
    return [(Self.page, { try Data(pageText().utf8) }), (Self.answers, { table })] + pictures
  }

  /// Empty answers, to be filled in.
  private var table: Data {
    var table = CSVTable(Self.header)
    for (index, run) in runs.enumerated() { table.append(["\(index + 1)", run.stored.run.hash, ""]) }
    return table.data
  }

  static func picturePath(_ index: Int) -> String { "pictures/\(index + 1).png" }

  private func pageText() throws -> String {
    let content = RatingPage.Content(
      runs: runs.map(\.stored.run.hash), pictures: runs.indices.map(Self.picturePath),
      objects: words.objects.filter { $0 != SceneVocabulary.none }.sorted(),
      colors: words.colors.filter { $0 != SceneVocabulary.none }, nothing: Rating.nothing, header: Self.header,
      file: Self.answers)
    return try RatingPage.text(content)
  }
}

extension RatingsFile {
  /// Adds the filled-in table of a sheet.
  /// - Parameters:
  ///   - rows: As `RatingsFile.rows` gives them: picture, run, answer. One without an answer is passed over.
  ///   - known: The whole hashes of the runs that there are.
  ///   - place: The table's name, for messages.
  /// - Returns: how many answers there were.
  /// - Throws: `RatingError` with every line that is wrong; then nothing is added.
  package mutating func add(
    _ rows: [(number: Int, fields: [String])], rater: String, words: SceneVocabulary, known: Set<String>, place: String
  ) throws(RatingError) -> Int {
    var problems: [String] = []
    var lines: [String: Int] = [:]
    var new = self
    for (number, fields) in rows where !fields[2].isEmpty {
      let (run, answer) = (fields[1], fields[2])
      if !known.contains(run) {
        problems.append("line \(number): run \"\(clipped(run))\" is not among the results")
      } else if let first = lines.updateValue(number, forKey: run) {
        problems.append("line \(number): run \(run.prefix(16)) has an answer in line \(first) already")
      } else {
        do {
          _ = try Rating.things(answer, words)
          new.add(Rating(rater: rater, answer: answer), run: run)
        } catch { problems.append("line \(number): \(error)") }
      }
    }
    guard problems.isEmpty else {
      let most = 20
      let rest = problems.count > most ? ["and \(problems.count - most) more"] : []
      throw RatingError((problems.prefix(most).map { "\(place), \($0)" } + rest).joined(separator: "\nerror: "))
    }
    guard !lines.isEmpty else { throw RatingError("\(place): no line has an answer") }
    self = new
    return lines.count
  }
}
