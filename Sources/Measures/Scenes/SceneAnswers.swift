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
}

private func softmax(_ logits: ArraySlice<Float>) -> [Float] {
  let largest = logits.max() ?? 0
  let powers = logits.map { exp($0 - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
