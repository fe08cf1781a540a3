import Foundation

/// What the scene reader's network answers of one picture, as probabilities.
struct SceneAnswers {
  /// Patches of a row, and of a column.
  let side: Int
  /// Pixels of a patch's side.
  let patch: Int
  /// `[patches, words]`, row by row from above; here and in the next two.
  let objects: [[Float]]
  let colors: [[Float]]
  let facings: [[Float]]
  /// Whether a pixel belongs to any object, `[patches, patch * patch]`.
  let coverage: [[Float]]
  let backgrounds: [Float]
  let styles: [Float]

  /// - Parameters:
  ///   - patches: logits of each patch: objects, colors, facings, coverage, side by side.
  ///   - picture: logits of the picture: backgrounds, styles.
  init(patches: ArraySlice<Float>, picture: ArraySlice<Float>, words: SceneVocabulary, side: Int, patch: Int) {
    self.side = side
    self.patch = patch
    let sizes = [words.objects.count, words.colors.count, words.facings.count, patch * patch]
    let row = sizes.reduce(0, +)
    func cut(_ part: Int, _ probabilities: (ArraySlice<Float>) -> [Float]) -> [[Float]] {
      let offset = sizes.prefix(part).reduce(0, +)
      return (0..<side * side).map { place in
        let start = patches.startIndex + place * row + offset
        return probabilities(patches[start..<start + sizes[part]])
      }
    }
    objects = cut(0, softmax)
    colors = cut(1, softmax)
    facings = cut(2, softmax)
    coverage = cut(3) { $0.map { 1 / (1 + exp(-$0)) } }
    let split = picture.startIndex + words.backgrounds.count
    backgrounds = softmax(picture[..<split])
    styles = softmax(picture[split...])
  }

  /// The mean of what is answered of a picture and, turned back, of its mirror image, so that neither side is preferred.
  /// - Parameters:
  ///   - one: of the picture.
  ///   - mirrored: of the picture with left and right exchanged.
  init(_ one: Self, mirrored: Self, words: SceneVocabulary) {
    let (side, patch) = (one.side, one.patch)
    self.side = side
    self.patch = patch
    func mean(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { ($0 + $1) / 2 } }
    /// - Parameter turned: what an answer of the mirror image says of the picture.
    func means(_ rows: KeyPath<Self, [[Float]]>, _ turned: ([Float]) -> [Float]) -> [[Float]] {
      let (own, others) = (one[keyPath: rows], mirrored[keyPath: rows])
      return own.indices.map { place in
        let (y, x) = place.quotientAndRemainder(dividingBy: side)
        return mean(own[place], turned(others[y * side + side - 1 - x]))
      }
    }
    let opposite = words.facings.map { name in
      words.facings.firstIndex(of: ["left": "right", "right": "left"][name] ?? name) ?? 0
    }
    objects = means(\.objects) { $0 }
    colors = means(\.colors) { $0 }
    facings = means(\.facings) { row in opposite.map { row[$0] } }
    coverage = means(\.coverage) { row in row.indices.map { row[$0 / patch * patch + patch - 1 - $0 % patch] } }
    backgrounds = mean(one.backgrounds, mirrored.backgrounds)
    styles = mean(one.styles, mirrored.styles)
  }
}

private func softmax(_ logits: ArraySlice<Float>) -> [Float] {
  let largest = logits.max() ?? 0
  let powers = logits.map { exp($0 - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
