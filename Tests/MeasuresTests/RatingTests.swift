import Files
import Foundation
import TestSupport
import Testing

@testable import Measures

@Suite struct RatingTests {
  private typealias Thing = PromptScene.Thing

  @Test(arguments: [
    ("a red car and a dog", [Thing("car", color: "red"), Thing("dog")]),
    ("red car, blue dog", [Thing("car", color: "red"), Thing("dog", color: "blue")]),
    (" A  Red car, and an orange dog ", [Thing("car", color: "red"), Thing("dog", color: "orange")]),
    ("dog and dog", [Thing("dog"), Thing("dog")]), ("Nothing", []),
  ])
  func anAnswerNamesThings(_ answer: String, _ things: [PromptScene.Thing]) throws {
    #expect(try Rating.things(answer, .small) == things)
  }

  @Test(arguments: ["", "a purple car", "a cart", "a none", "car dog", "car,", "nothing and a car"])
  func anotherAnswerIsRefused(_ answer: String) {
    #expect(throws: RatingError.self) { try Rating.things(answer, .small) }
  }

  @Test func aRefusalNamesTheNearestWord() throws {
    let error = try #require(throws: RatingError.self) { try Rating.things("a red cart", .small) }
    #expect(
      error.description
        == "\"a red cart\" is no object of this world, nor one with a color before it; did you mean \"car\"? A picture "
        + "of no such thing is \"nothing\"")
    #expect(throws: RatingError.self) {
      try Rating.things([String](repeating: "a car", count: 9).joined(separator: ", "), .small)
    }
  }

  // MARK: - The file

  private func read(_ text: String) throws -> RatingsFile {
    try Fixtures.withTemporaryFolder { folder in
      try Data(text.utf8).write(to: folder.appending(path: RatingsFile.name))
      return try RatingsFile(in: OpenFolder(folder))
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    var file = RatingsFile()
    file.add(Rating(rater: "Zoe, \"person\"", answer: "a red car"), run: "b2")
    file.add(Rating(rater: "Al", answer: "nothing"), run: "b2")
    file.add(Rating(rater: "Al", answer: "a dog"), run: "a1")
    file.add(Rating(rater: "Al", answer: "a blue dog"), run: "a1")
    #expect(
      String(decoding: file.data, as: UTF8.self)
        == "run,rater,answer\na1,Al,a blue dog\nb2,Al,nothing\nb2,\"Zoe, \"\"person\"\"\",a red car\n")
    #expect(try read(String(decoding: file.data, as: UTF8.self)) == file)
    #expect(
      try read("run,rater,answer\r\na1,Al,a dog\r\n\r\n").ratings == ["a1": [Rating(rater: "Al", answer: "a dog")]])
    #expect(try Fixtures.withTemporaryFolder { try RatingsFile(in: OpenFolder($0)) }.isEmpty)
  }

  /// Spreadsheets compute what begins like a formula, so that it is written with a mark, which is no part of a name.
  @Test(arguments: [
    ("@jane", "'@jane"), ("=1+1", "'=1+1"), ("-j, k", "\"'-j, k\""), ("+49", "+49"), ("'jane", "'jane"), ("''j", "''j"),
  ])
  func aNameLikeAFormulaIsOneRater(_ rater: String, _ written: String) throws {
    var file = RatingsFile()
    file.add(Rating(rater: rater, answer: "a dog"), run: "a1")
    #expect(String(decoding: file.data, as: UTF8.self) == "run,rater,answer\na1,\(written),a dog\n")
    var again = try read(String(decoding: file.data, as: UTF8.self))
    #expect(again == file)
    again.add(Rating(rater: rater, answer: "a red car"), run: "a1")
    #expect(again.ratings == ["a1": [Rating(rater: rater, answer: "a red car")]])
  }

  @Test(arguments: [
    "", "run,answer\na,b\n", "run,rater,answer\na,b\n", "run,rater,answer\na,,b\n", "run,rater,answer\na,\"b,c\n",
    "run,rater,answer\na,b,c,d\n",
  ])
  func anotherTableIsRefused(_ text: String) {
    #expect(throws: RatingError.self) { try read(text) }
  }

  @Test func aFileThatIsTooLargeIsRefusedUnread() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appending(path: RatingsFile.name)
      try Data().write(to: url)
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: UInt64(RatingsFile.mostBytes) + 1)
      try handle.close()
      let error = try #require(throws: RatingError.self) { try RatingsFile(in: OpenFolder(folder)) }
      #expect(error.description.hasSuffix("answers have at most \(RatingsFile.mostBytes >> 20) MiB"))
    }
  }

  // MARK: - Metrics

  private func value(_ metric: Metric, _ prompt: String, _ answers: String...) throws -> Double? {
    guard case .rating(let measure) = metric.measure else { return nil }
    let run = MeasuredRun(prompt: prompt) { throw RatingError("the picture is not looked at") }
    return try measure(run, answers.map { Rating(rater: "a", answer: $0) }, .small)
  }

  @Test func anAnswerIsHeldAgainstThePrompt() throws {
    let prompt = "a red car and a dog"
    for (answer, present, bound) in [
      ("a red car and a dog", 1.0, 1.0), ("a dog and a red car", 1, 1), ("a red dog and a car", 1, 0),
      ("a red car", 0, 0), ("nothing", 0, 0), ("a blue car and a dog", 1, 0),
    ] {
      #expect(try value(.ratedObjectPresent, prompt, answer) == present, "\(answer)")
      #expect(try value(.ratedBindingRight, prompt, answer) == bound, "\(answer)")
    }
    // Two raters, and a prompt of another world.
    #expect(try value(.ratedBindingRight, prompt, "a red car and a dog", "nothing") == 0.5)
    #expect(try value(.ratedObjectPresent, "a view of Delft", "nothing") == nil)
    // A color that nobody could tell.
    #expect(try value(.ratedBindingRight, "a white car in the snow", "a car") == nil)
    #expect(try value(.ratedObjectPresent, "a white car in the snow", "a car") == 1)
    // An answer that was changed by hand is no silent no.
    #expect(throws: RatingError.self) { try value(.ratedObjectPresent, prompt, "a cart") }
  }
}
