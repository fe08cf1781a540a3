import Files
import Formatting
import Foundation
import SwiftCSV

/// The answers of raters, `ratings.csv` beside an experiment's results: a line for each picture and rater.
///
///     run,rater,answer
///     3f9a…,"Jane Doe, person",a red car and a blue cup
public struct RatingsFile: Hashable, Sendable {
  /// In a folder of results.
  public static let name = "ratings.csv"

  /// By the whole hash of a run, in the order of raters' names.
  public private(set) var ratings: [String: [Rating]] = [:]

  /// The most bytes and lines of a file.
  static let mostBytes = 16 << 20
  static let mostLines = 200_000
  private static let header = ["run", "rater", "answer"]

  public init() {}

  /// The answers that are kept with results.
  /// - Parameter folder: of the results. One without such a file has no answers.
  /// - Throws: `FileError`; `RatingError` with every line that is wrong.
  public init(in folder: OpenFolder) throws {
    guard try folder.kind(of: Self.name) != nil else { return }
    let file = try folder.file(Self.name)
    for (number, fields) in try Self.rows(file, header: Self.header) {
      guard fields.allSatisfy({ !$0.isEmpty }) else {
        throw RatingError("\(file.path), line \(number): run, rater and answer must each have a text")
      }
      add(Rating(rater: fields[1], answer: fields[2]), run: fields[0])
    }
  }

  public var isEmpty: Bool { ratings.isEmpty }

  /// Sorted: the same ratings give the same bytes.
  public var data: Data {
    var table = CSVTable(Self.header)
    for (run, ratings) in ratings.sorted(by: { $0.key < $1.key }) {
      for rating in ratings { table.append([run, rating.rater, rating.answer]) }
    }
    return table.data
  }

  /// Adds an answer; a former one of the same rater to the same picture is replaced.
  public mutating func add(_ rating: Rating, run: String) {
    var known = ratings[run, default: []].filter { $0.rater != rating.rater }
    known.append(rating)
    ratings[run] = known.sorted { $0.rater < $1.rater }
  }

  /// The lines of a table of text with a header, each with its number in the file; empty lines are passed over. A field that
  /// `CSVTable` marked as text is read as it was before.
  /// - Throws: `FileError`; `RatingError` for what is no such table.
  public static func rows(_ file: OpenFile, header: [String]) throws -> [(number: Int, fields: [String])] {
    guard file.size <= mostBytes else {
      throw RatingError(
        "\(file.path): it has \(ByteSize(Int64(file.size))); answers have at most \(ByteSize(Int64(mostBytes)))")
    }
    guard let text = String(bytes: try file.data(), encoding: .utf8) else {
      throw RatingError("\(file.path): it is no UTF-8 text")
    }
    let csv: CSV<Enumerated>
    do {
      csv = try CSV<Enumerated>(string: text, delimiter: .comma, loadColumns: false)
    } catch {
      throw RatingError("\(file.path): it is no comma-separated table (\(error))")
    }
    guard csv.header.map({ $0.trimmingCharacters(in: .whitespaces) }) == header else {
      throw RatingError(
        "\(file.path): expected the columns \(header.joined(separator: ",")); "
          + "found \(clipped(csv.header.joined(separator: ",")))")
    }
    guard csv.rows.count <= mostLines else {
      throw RatingError("\(file.path): it has \(csv.rows.count) lines; answers have at most \(mostLines)")
    }
    return try csv.rows.enumerated().compactMap { index, row in
      let fields = row.map { unmarked($0.trimmingCharacters(in: .whitespaces)) }
      guard fields.contains(where: { !$0.isEmpty }) else { return nil }
      guard fields.count == header.count else {
        throw RatingError("\(file.path), line \(index + 2): expected \(header.count) fields, found \(fields.count)")
      }
      return (index + 2, fields)
    }
  }

  /// Without the apostrophe that stands before what begins like a formula, as `@jane`; one of the text's own stays.
  private static func unmarked(_ field: String) -> String {
    let text = String(field.dropFirst())
    return field.hasPrefix("'") && CSVTable.field(text) == CSVTable.field(field) ? text : field
  }
}
