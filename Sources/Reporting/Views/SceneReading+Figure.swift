import Formatting
import Foundation
import Measures
import Plotting
import Tensors

extension SceneReading {
  /// The picture with what was seen in it.
  package func figure(of picture: Picture, title: String) throws -> Picture {
    func said(_ answer: Answer) -> String { "\(answer.word) \(Readable.percent(answer.confidence))" }
    let regions = objects.enumerated().map { index, object in
      let color = object.color.word == SceneVocabulary.none ? "in its own colors" : said(object.color)
      return LabeledRegion(
        "\(said(object.name)), \(color), facing \(said(object.facing))", left: object.box.left,
        top: object.box.top, right: object.box.right, bottom: object.box.bottom,
        pixels: owners.indices.filter { owners[$0] == Int8(index) })
    }
    return try Figures.regions(
      title: title, picture: picture, regions: regions,
      note: "background \(said(background)), style \(said(style))")
  }

  /// A name for the figure or the mask of each picture. If several pictures have one name, as in the folders of runs, the
  /// folder's name stands before it.
  /// - Returns: One name for each file, without repetition.
  package static func figureNames(_ files: [URL]) -> [String] {
    let names = files.map { $0.deletingPathExtension().lastPathComponent }
    var used: Set<String> = []
    return zip(files, names).map { file, name in
      let isShared = names.count { $0 == name } > 1
      let base = isShared ? "\(file.deletingLastPathComponent().lastPathComponent)-\(name)" : name
      var number = 1
      var chosen = base
      while !used.insert(chosen).inserted {
        number += 1
        chosen = "\(base)-\(number)"
      }
      return chosen + ".png"
    }
  }
}
