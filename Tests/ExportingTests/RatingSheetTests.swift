import ExperimentSupport
import Foundation
import Measures
import Plotting
import TestSupport
import Testing

@testable import Exporting
@testable import Results

@Suite struct RatingSheetTests {
  private static let words = SceneVocabulary(
    objects: ["none", "dog", "car", "</script>"], colors: ["none", "red"], facings: ["left", "right", "front"],
    backgrounds: ["plain"], styles: ["plain"])

  private func stored(_ folder: URL) throws -> StoredResults {
    let results = try SyntheticResults(
      folder, spec: SyntheticResults.spec(seeds: "[1, 2, 3]", record: "[]", figures: "[]"))
    return try StoredResults(results: results.results, store: results.store)
  }

  @Test func aSheetTellsNoPrompt() throws {
    try Fixtures.withTemporaryFolder { folder in
      let sheet = RatingSheet(try stored(folder), count: 5, seed: 1, words: Self.words)
      #expect(sheet.runs.count == 5 && Set(sheet.runs.map(\.stored.run.hash)).count == 5)
      let files = try Dictionary(uniqueKeysWithValues: sheet.files.map { ($0.path, try $0.bytes()) })
      #expect(Set(files.keys) == Set(["rate.html", "answers.csv"] + (1...5).map { "pictures/\($0).png" }))
      let page = String(decoding: try #require(files["rate.html"]), as: UTF8.self)
      let table = String(decoding: try #require(files["answers.csv"]), as: UTF8.self)
      for text in [page, table] {
        #expect(!text.contains("a red car") && !text.contains("a blue car"))
        // In the order in which they are shown.
        let places = try sheet.runs.map { try #require(text.range(of: $0.stored.run.hash)).lowerBound }
        #expect(places == places.sorted())
      }
      #expect(table.hasPrefix("picture,run,answer\n1,"))
      // A word of somebody's model ends no script.
      #expect(page.components(separatedBy: "</script>").count == 2 && page.contains("\\u003c/script>"))
      for (path, bytes) in files where path.hasSuffix(".png") {
        try bytes.write(to: folder.appending(path: "one.png"))
        #expect(try PNG.texts(folder.appending(path: "one.png")).isEmpty)
      }
    }
  }

  @Test func theLotFollowsFromTheSeed() throws {
    try Fixtures.withTemporaryFolder { folder in
      let stored = try stored(folder)
      func hashes(_ count: Int, _ seed: UInt64) -> [String] {
        RatingSheet(stored, count: count, seed: seed, words: Self.words).runs.map(\.stored.run.hash)
      }
      #expect(hashes(9, 1) == hashes(9, 1) && hashes(9, 1) != hashes(9, 2))
      #expect(hashes(100, 1).count == 9 && hashes(4, 1) == Array(hashes(100, 1).prefix(4)))
    }
  }

  private func add(_ rows: [[String]], to ratings: inout RatingsFile, rater: String = "Al") throws -> Int {
    try ratings.add(
      rows.enumerated().map { ($0 + 2, $1) }, rater: rater, words: Self.words, known: ["aa", "bb", "cc"],
      place: "answers.csv")
  }

  @Test func answersAreKeptOrAllRefused() throws {
    var ratings = RatingsFile()
    let first = try add([["1", "aa", "a red car"], ["2", "bb", ""], ["3", "cc", "nothing"]], to: &ratings)
    #expect(first == 2)
    #expect(Set(ratings.ratings.keys) == ["aa", "cc"])
    #expect(try add([["1", "aa", "a dog"]], to: &ratings) == 1)
    #expect(try add([["1", "aa", "a car"]], to: &ratings, rater: "Bo") == 1)
    #expect(ratings.ratings["aa"]?.map(\.answer) == ["a dog", "a car"])

    let before = ratings
    let error = try #require(throws: RatingError.self) {
      try add(
        [["1", "dd", "a dog"], ["2", "bb", "a cart"], ["3", "cc", "a dog"], ["4", "cc", "a car"]], to: &ratings)
    }
    let lines = error.description.components(separatedBy: "\n")
    #expect(lines[0] == "answers.csv, line 2: run \"dd\" is not among the results")
    #expect(lines[1].hasPrefix("error: answers.csv, line 3: \"a cart\" is no object"))
    #expect(lines[2] == "error: answers.csv, line 5: run cc has an answer in line 4 already")
    #expect(ratings == before)
    #expect(throws: RatingError.self) { try add([["1", "aa", ""]], to: &ratings) }
  }
}
