import Analysis
import Tensors

// Where a run looked at the words of its prompt, held against what its picture shows. Each is nil for a prompt that is not of
// the scene reader's world, and where no map of the word was recorded or no object of it is in the picture.

extension Metric {
  static let nounAUC = ofWords(
    "noun_auc", "AUC of nouns' maps", range: "0 to 1; 0.5 by chance",
    "higher: the maps of the prompt's objects are higher on these objects than elsewhere", area, of: nouns
  ) { MapRanking.auc($0.map, mask: $0.mask) }

  static let colorAUC = ofWords(
    "color_auc", "AUC of color words' maps", range: "0 to 1; 0.5 by chance",
    "higher: the maps of the prompt's color words are higher on the objects that they color than elsewhere", area,
    of: colorWords
  ) { MapRanking.auc($0.map, mask: $0.mask) }

  static let nounIoU = ofWords(
    "noun_iou", "IoU of nouns' maps", range: "0 to 1",
    "higher: the maps of the prompt's objects are highest on just these objects", overlap, of: nouns
  ) { MapRanking.iou($0.map, mask: $0.mask) }

  static let colorIoU = ofWords(
    "color_iou", "IoU of color words' maps", range: "0 to 1",
    "higher: the maps of the prompt's color words are highest on just the objects that they color", overlap,
    of: colorWords
  ) { MapRanking.iou($0.map, mask: $0.mask) }

  static let ownObject = Metric(
    name: "own_object", title: "maps on their own object", range: "0 to 1; 0.5 by chance",
    direction: "1: of two objects, the map of each noun is higher on its own object than on the other",
    reference: "this project: the share of the two nouns whose map has a higher mean over the pixels of its own object "
      + "than over the other's; equal means count as half",
    accuracy: .instrument(.sceneReader, ["object", "mask"]),
    measure: .maps { run, instruments in
      let placed = try placedWords(of: run, instruments, nouns)
      guard placed.count == 2 else { return nil }
      let shares = zip(placed, placed.reversed()).map { word, other -> Double in
        let (own, foreign) = (word.mean(over: word.mask), word.mean(over: other.mask))
        return own == foreign ? 0.5 : own > foreign ? 1 : 0
      }
      return Summary(shares).mean
    })

  private static let area =
    "this project: the area under the ROC curve of the word's heat map (Tang et al. 2022) against the pixels of the object; ties "
    + "count as half; the mean over the prompt's words that have both"
  private static let overlap =
    "this project: intersection over union of the object's pixels and as many of the highest pixels of the word's heat map (Tang "
    + "et al. 2022), with all that equal the lowest of these; the mean over the prompt's words that have both"

  /// The mean over the words that have an object in the picture and a map.
  private static func ofWords(
    _ name: String, _ title: String, range: String, _ direction: String, _ reference: String,
    of labels: @escaping @Sendable (PromptScene) -> [String?], _ value: @escaping @Sendable (PlacedWord) -> Double
  ) -> Metric {
    Metric(
      name: name, title: title, range: range, direction: direction, reference: reference,
      accuracy: .instrument(.sceneReader, ["object", "mask"]),
      measure: .maps { run, instruments in
        let values = try placedWords(of: run, instruments, labels).map(value).filter { !$0.isNaN }
        return values.isEmpty ? nil : Summary(values).mean
      })
  }

  private static func placedWords(
    of run: MeasuredRun, _ instruments: Instruments, _ labels: (PromptScene) -> [String?]
  ) throws -> [PlacedWord] {
    let reader = try instruments.sceneReader()
    guard let scene = PromptScene(run.prompt, reader.words), case let words = try run.words(), !words.isEmpty else {
      return []
    }
    return PlacedWord.all(labels(scene), of: scene, words, in: try instruments.reading(run))
  }

  /// The label of each thing's noun.
  private static func nouns(_ scene: PromptScene) -> [String?] { scene.things.map(\.name) }

  /// The label of each thing's color word, with its number where an earlier thing has the color too.
  private static func colorWords(_ scene: PromptScene) -> [String?] {
    scene.things.indices.map { index in
      scene.things[index].color.map { color in
        let earlier = scene.things[..<index].count { $0.color == color }
        return earlier == 0 ? color : "\(color)#\(earlier + 1)"
      }
    }
  }
}

/// A word's map on the pixels of a picture, and the pixels of the object that it is of.
struct PlacedWord {
  let map: [Double]
  let mask: [Bool]

  /// Of each thing of a scene its word, where it has one that was recorded and its object is in the picture.
  /// - Parameter labels: of the things' words, in their order.
  static func all(
    _ labels: [String?], of scene: PromptScene, _ words: [MeasuredWord], in reading: SceneReading
  ) -> [PlacedWord] {
    zip(labels, scene.things).compactMap { label, thing in
      guard let word = words.first(where: { $0.label == label }),
        let object = reading.objects.firstIndex(where: { $0.name.word == thing.name })
      else { return nil }
      return PlacedWord(
        map: word.enlarged(to: GridSize(height: reading.height, width: reading.width)),
        mask: reading.owners.map { Int($0) == object })
    }
  }

  func mean(over pixels: [Bool]) -> Double { Summary(zip(map, pixels).filter(\.1).map(\.0)).mean }
}
