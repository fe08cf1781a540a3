import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Measures

/// Metrics of stored maps, on maps and readings that are made up; values worked out by hand.
@Suite struct MapMetricTests {
  private static let instruments = InstrumentFolders([
    .sceneReader: Fixtures.folder.appending(path: "vision/tiny-scene-reader").path
  ])
  /// As many cells as the picture has pixels: nothing is interpolated.
  private static let size = GridSize(height: 32, width: 32)

  /// A red car in the left half, rows 8 to 23, and a blue dog in the right half.
  private static func reading(hasDog: Bool = true) -> SceneReading {
    var answers = MadeUpAnswers()
    answers.put("car", "red", rows: 2..<6, columns: 0..<3)
    if hasDog { answers.put("dog", "blue", rows: 2..<6, columns: 5..<8) }
    return answers.reading()
  }

  /// A map that has a value on some columns of the objects' rows, and another elsewhere.
  private static func word(_ label: String, _ columns: Range<Int>, value: Double = 1) -> MeasuredWord {
    MeasuredWord(
      label: label,
      map: (0..<size.cells).map { (8..<24).contains($0 / 32) && columns.contains($0 % 32) ? value : 0.25 }, size: size)
  }

  private func value(
    _ metric: Metric, _ prompt: String, _ words: [MeasuredWord], _ reading: SceneReading = reading()
  ) throws -> Double? {
    let picture = try Picture(width: 32, height: 32, pixels: [UInt8](repeating: 128, count: 32 * 32 * 3))
    let run = MeasuredRun(prompt: prompt, picture: picture, words: words)
    run.readings[.sceneReader] = reading
    guard case .maps(let measure) = metric.measure else { throw InstrumentError("\(metric.name) is of no maps") }
    return try measure(run, Instruments(Self.instruments))
  }

  private static let both = "a red car and a blue dog"
  // The car has columns 0 to 11 of 16 rows, the dog columns 20 to 31: 192 pixels each.
  private static let car = word("car", 0..<12)

  @Test func nounsAndColorWordsAreHeldAgainstTheirObjects() throws {
    let half = Self.word("dog", 20..<26)
    let words = [Self.word("red", 20..<32), Self.car, Self.word("blue", 20..<32), half]
    // Half of the dog is above everything else, its other half ties with the rest: (1 + 0.5) / 2.
    #expect(try value(.nounAUC, Self.both, [half]) == 0.75)
    #expect(try value(.nounAUC, Self.both, words) == (1 + 0.75) / 2)
    // As many of the highest as the dog has pixels: 96, and then all that ties.
    #expect(try value(.nounIoU, Self.both, [half]) == 192.0 / 1024)
    #expect(try value(.nounIoU, Self.both, words) == (1 + 192.0 / 1024) / 2)
    // "red" looks at the dog: above none of the car's 192 pixels lies anything lower, 192 of 832 others are higher.
    let astray = 0.5 * 640 / 832
    #expect(abs(try #require(try value(.colorAUC, Self.both, [words[0]])) - astray) < 1e-12)
    #expect(abs(try #require(try value(.colorAUC, Self.both, words)) - (astray + 1) / 2) < 1e-12)
    #expect(try value(.colorIoU, Self.both, [words[2]]) == 1)
    #expect(try value(.ownObject, Self.both, words) == 1)
  }

  @Test func ownObjectCountsNouns() throws {
    #expect(try value(.ownObject, Self.both, [Self.car, Self.word("dog", 0..<12)]) == 0.5)
    #expect(try value(.ownObject, Self.both, [Self.word("car", 20..<32), Self.word("dog", 0..<12)]) == 0)
    #expect(try value(.ownObject, Self.both, [Self.car, Self.word("dog", 0..<0)]) == 0.75, "a tie is half of a noun")
    #expect(try value(.ownObject, Self.both, [Self.car]) == nil)
    #expect(try value(.ownObject, "a red car", [Self.car]) == nil)
  }

  @Test func theSecondOfAColorIsItsOwnWord() throws {
    let prompt = "a red car and a red dog"
    let words = [Self.word("red", 0..<12), Self.word("red#2", 20..<32)]
    #expect(try value(.colorAUC, prompt, words) == 1)
    #expect(try value(.colorIoU, prompt, [words[1]]) == 1)
  }

  @Test func whatCannotBeHeldAgainstAnythingHasNoValue() throws {
    for metric in [Metric.nounAUC, .colorAUC, .nounIoU, .colorIoU, .ownObject] {
      #expect(metric.measure.isOfMaps && !metric.measure.isOfEdits)
      #expect(try value(metric, Self.both, []) == nil, "nothing was recorded")
      #expect(try value(metric, "a poem", [Self.car]) == nil)
      #expect(try value(metric, Self.both, [Self.car], MadeUpAnswers().reading()) == nil, "no object")
    }
    #expect(try value(.colorAUC, "a car", [Self.car]) == nil)
    // The dog is not there: the car alone counts.
    #expect(try value(.nounAUC, Self.both, [Self.car, Self.word("dog", 0..<12)], Self.reading(hasDog: false)) == 1)
  }

  /// A uniform map says nothing, whatever rounding its interpolation leaves.
  @Test func aUniformMapStaysUniform() throws {
    for side in [3, 5, 16] {
      let size = GridSize(height: side, width: side)
      let flat = MeasuredWord(label: "car", map: .init(repeating: 1.0 / 77, count: size.cells), size: size)
      #expect(Set(flat.enlarged(to: Self.size)).count == 1, "side \(side)")
      #expect(try value(.nounAUC, "a red car", [flat]) == 0.5)
    }
  }

  @Test func mapsAreBroughtToThePicture() throws {
    // Two cells wide: the left one has all.
    let left = MeasuredWord(label: "car", map: [1, 0], size: GridSize(height: 1, width: 2))
    let map = left.enlarged(to: GridSize(height: 2, width: 4))
    #expect(map.count == 8 && map[0] > 0.9 && map[3] < 0.1 && map[1] > map[2])
    #expect(Array(map[0..<4]) == Array(map[4..<8]))
    #expect(left.enlarged(to: left.size) == [1, 0])
  }
}
