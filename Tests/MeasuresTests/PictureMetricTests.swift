import Tensors
import TestSupport
import Testing

@testable import Measures

/// What a picture shows of its prompt, on readings that are made up.
@Suite struct PictureMetricTests {
  private static let instruments = InstrumentFolders([
    .sceneReader: Fixtures.folder.appending(path: "vision/tiny-scene-reader").path
  ])

  /// Of a picture with a red car and a dog in a color.
  private func value(_ metric: Metric, _ prompt: String, dog color: String) throws -> Double? {
    var answers = MadeUpAnswers()
    answers.put("car", "red", rows: 2..<6, columns: 0..<3)
    answers.put("dog", color, rows: 2..<6, columns: 5..<8)
    let picture = try Picture(width: 32, height: 32, pixels: [UInt8](repeating: 128, count: 32 * 32 * 3))
    let run = MeasuredRun(prompt: prompt, picture: picture)
    run.readings[.sceneReader] = answers.reading()
    guard case .picture(let measure) = metric.measure else { throw InstrumentError("\(metric.name) is of no picture") }
    return try measure(run, Instruments(Self.instruments))
  }

  private static let bindings: [(String, String, Double?)] = [
    ("a red car and a blue dog", "blue", 1.0), ("a blue dog and a red car", "blue", 1.0),
    ("a red car and a blue dog", "white", 0.0), ("a blue car and a red dog", "blue", 0.0),
    // Another number of colors than two.
    ("a red car and a red dog", "red", nil), ("a red car and a dog", "none", nil), ("a red car", "blue", nil),
    // One of the colors cannot be told.
    ("a red car and a white dog in the snow", "white", nil), ("a poem", "blue", nil),
  ]

  @Test(arguments: bindings) func bindingOfTwo(_ prompt: String, _ dog: String, _ expected: Double?) throws {
    #expect(try value(.bindingOfTwo, prompt, dog: dog) == expected)
    if expected != nil { #expect(try value(.bindingRight, prompt, dog: dog) == expected) }
  }
}
