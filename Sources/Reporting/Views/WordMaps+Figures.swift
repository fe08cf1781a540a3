import Plotting
import Tensors

extension WordMaps {
  /// The picture, each word's heat map over it, and each word's maps as layers by steps, with names for their files.
  /// - Parameter title: what the picture is of.
  package func figures(title: String, picture: Picture) throws -> [(name: String, picture: Picture)] {
    let strip = try Figures.wordStrip(
      title: "\(title): attention to each word, \(summary)", picture: picture,
      words: zip(words, try heatMapsOfWords()).map { LabeledMap($0, $1) }, scale: .perMap)
    let grids = try words.indices.map { word in
      let rows = try rows(word: word)
      let figure = try Figures.layerStepGrid(
        title: "\u{201C}\(words[word])\u{201D} in \(title)", rows: rows, steps: shownSteps.map(String.init),
        scale: .covering(rows.flatMap(\.maps)))
      return (name: Self.gridName(word: word, words[word]), picture: figure)
    }
    return [(name: "picture.png", picture: picture), (name: "words.png", picture: strip)] + grids
  }

  /// `grid-3-car.png`: the number keeps names apart, the word is there for the reader.
  static func gridName(word: Int, _ text: String) -> String {
    let letters = text.unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil }.prefix(
      24)
    return "grid-\(word + 1)" + (letters.isEmpty ? "" : "-\(String(String.UnicodeScalarView(letters)))") + ".png"
  }
}
