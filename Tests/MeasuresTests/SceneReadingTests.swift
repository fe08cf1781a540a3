import Testing

@testable import Measures

/// Answers of a made-up network: 8 x 8 patches of 4 pixels.
struct MadeUpAnswers {
  static let side = 8
  static let patch = 4
  let words: SceneVocabulary
  private var patches: [[Float]]
  private var picture: [Float]

  init(background: String = "plain", style: String = "plain", words: SceneVocabulary = .small) {
    self.words = words
    let row = words.objects.count + words.colors.count + words.facings.count + Self.patch * Self.patch
    var nothing = [Float](repeating: 0, count: row)
    nothing[0] = 8
    for pixel in 0..<Self.patch * Self.patch { nothing[row - 1 - pixel] = -6 }
    patches = Array(repeating: nothing, count: Self.side * Self.side)
    picture = [Float](repeating: 0, count: words.backgrounds.count + words.styles.count)
    picture[words.backgrounds.firstIndex(of: background) ?? 0] = 5
    picture[words.backgrounds.count + (words.styles.firstIndex(of: style) ?? 0)] = 5
  }

  /// Puts an object on the patches of rows and columns, covered wholly.
  mutating func put(
    _ name: String, _ color: String = "none", facing: String = "left", rows: Range<Int>, columns: Range<Int>
  ) {
    for row in rows {
      for column in columns {
        var answer = [Float](repeating: 0, count: patches[0].count)
        answer[words.objects.firstIndex(of: name) ?? 0] = 6
        answer[words.objects.count + (words.colors.firstIndex(of: color) ?? 0)] = 6
        answer[words.objects.count + words.colors.count + (words.facings.firstIndex(of: facing) ?? 0)] = 6
        for pixel in 0..<Self.patch * Self.patch { answer[answer.count - 1 - pixel] = 6 }
        patches[row * Self.side + column] = answer
      }
    }
  }

  /// Names another object at a patch that is covered already.
  mutating func mistake(_ name: String, row: Int, column: Int) {
    let place = row * Self.side + column
    for index in words.objects.indices { patches[place][index] = words.objects[index] == name ? 6 : 0 }
  }

  func reading(width: Int = 32, height: Int = 32) -> SceneReading {
    let answers = SceneAnswers(
      patches: patches.flatMap { $0 }[...], picture: picture[...], words: words, side: Self.side, patch: Self.patch)
    return SceneReading(answers, words, width: width, height: height)
  }
}

@Suite struct SceneReadingTests {
  @Test func anObjectIsFoundWithItsPlace() throws {
    var answers = MadeUpAnswers(background: "in the park", style: "pencil")
    answers.put("car", "red", facing: "right", rows: 2..<5, columns: 1..<5)
    let reading = answers.reading()
    #expect(reading.objects.count == 1)
    let car = try #require(reading.objects.first)
    #expect(car.name.word == "car" && car.color.word == "red" && car.facing.word == "right")
    #expect(car.name.confidence > 0.95 && car.name.confidence < 1)
    #expect(car.box == .init(left: 4, top: 8, right: 20, bottom: 20))
    #expect(car.area == 16 * 12)
    #expect(abs(car.center.x - 12.0 / 32) < 1e-9 && abs(car.center.y - 14.0 / 32) < 1e-9)
    #expect(reading.background.word == "in the park" && reading.style.word == "pencil")
    #expect(reading.owners.count { $0 == 0 } == 16 * 12 && reading.owners[8 * 32 + 4] == 0 && reading.owners[0] == -1)
  }

  @Test func placesAreThoseOfTheWholePicture() throws {
    var answers = MadeUpAnswers()
    answers.put("car", rows: 2..<5, columns: 1..<5)
    let car = try #require(answers.reading(width: 64, height: 16).objects.first)
    #expect(car.box == .init(left: 8, top: 4, right: 40, bottom: 10))
    #expect(car.area == 32 * 6)
    #expect(abs(car.center.x - 12.0 / 32) < 1e-9)
  }

  @Test func twoRegionsAreTwoObjectsTheLargestFirst() {
    var answers = MadeUpAnswers()
    answers.put("dog", "blue", rows: 1..<3, columns: 0..<3)
    answers.put("car", "red", rows: 3..<7, columns: 4..<8)
    #expect(answers.reading().objects.map(\.name.word) == ["car", "dog"])
    #expect(answers.reading().objects.map(\.color.word) == ["red", "blue"])
  }

  @Test func objectsThatTouchAreToldApart() {
    var answers = MadeUpAnswers()
    answers.put("dog", rows: 2..<5, columns: 0..<4)
    answers.put("car", rows: 2..<5, columns: 4..<8)
    #expect(Set(answers.reading().objects.map(\.name.word)) == ["car", "dog"])
  }

  @Test func aFewWrongPatchesAreOutvoted() {
    var answers = MadeUpAnswers()
    answers.put("dog", rows: 1..<6, columns: 1..<6)
    for row in 1..<4 { answers.mistake("car", row: row, column: 1 + row) }
    #expect(answers.reading().objects.map(\.name.word) == ["dog"])
  }

  @Test func manyWrongPatchesAmongTheRightOnesAreNoSecondObject() {
    var answers = MadeUpAnswers()
    answers.put("dog", rows: 1..<7, columns: 1..<7)
    for row in 1..<7 {
      for column in 1..<7 where (row + column) % 3 == 0 { answers.mistake("car", row: row, column: column) }
    }
    #expect(answers.reading().objects.map(\.name.word) == ["dog"])
  }

  @Test func aSmallPartBelongsToItsObjectAndSpecksToNone() {
    var answers = MadeUpAnswers()
    answers.put("car", rows: 1..<5, columns: 0..<4)
    answers.put("car", rows: 6..<7, columns: 2..<4)
    var reading = answers.reading()
    #expect(reading.objects.count == 1 && reading.objects[0].box.bottom == 28)
    answers.put("car", rows: 2..<6, columns: 5..<8)
    reading = answers.reading()
    #expect(reading.objects.count == 2)
  }

  @Test func anEmptyPictureHasNoObject() {
    #expect(MadeUpAnswers().reading().objects.isEmpty)
    #expect(MadeUpAnswers().reading().owners.allSatisfy { $0 == -1 })
  }
}
