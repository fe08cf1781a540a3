import Foundation
import Measures
import Plotting
import Results
import Tensors

/// Objects by colors: what the model makes of each, with the first seed.
struct ContactSheetFigure {
  /// Of a picture, in pixels: hundreds of them are looked at together.
  private static let width = 64

  let data: StoredResults

  func section(_ writer: FigureWriter) throws -> FigureSection {
    var section = FigureSection(heading: "Objects and colors", reading: reading)
    func omitted(_ why: String) -> FigureSection {
      section.omitted.append(why)
      return section
    }
    guard let folder = try? data.spec.instruments.folder(.sceneReader),
      let words = try? SceneVocabulary(folder: folder)
    else { return omitted("Not drawn: there is no scene reader, whose world's objects and colors these would be.") }
    guard let seed = data.spec.generate.seeds.first, let untouched = data.untouched?.name else {
      return omitted("Not drawn: no intervention leaves pictures as they are; `none: []` would be one.")
    }
    var found: [PromptScene.Thing: RunResults] = [:]
    for prompt in data.spec.generate.prompts {
      guard let scene = PromptScene(prompt, words), scene.things.count == 1, scene.background == SceneVocabulary.plain,
        scene.style == SceneVocabulary.plain, scene.things[0].color != nil
      else { continue }
      found[scene.things[0]] = data.run(of: prompt, seed: seed, intervention: untouched)
    }
    let objects = words.objects.filter { name in found.keys.contains { $0.name == name } }
    let colors = words.colors.filter { color in found.keys.contains { $0.color == color } }
    let runs = objects.map { name in colors.map { found[PromptScene.Thing(name, color: $0)] } }
    guard let any = runs.joined().lazy.compactMap({ data.picture(of: $0) }).first else {
      return omitted(
        "Not drawn: no prompt under `prompts` names one object and its color and nothing else, and is done.")
    }
    let gap = try Picture.gap(like: any)
    let rows = zip(objects, runs).map { name, runs in
      PictureRow(
        name,
        detail: words.colors.filter { words.isHeldOut(name, $0) }.map { "\($0) not in training" }.joined(
          separator: ", "),
        pictures: runs.map { data.picture(of: $0) ?? gap })
    }
    let title = "\(data.spec.name): objects and colors, seed \(seed)"
    let file = try writer.write(
      Figures.sideBySide(title: title, columns: colors, rows: rows, widest: Self.width), as: "contact_sheet.png",
      title: title, prompts: [], seeds: [seed], hashes: runs.joined().compactMap { $0?.stored.groupHash })
    section.entries.append(("", [file]))
    return section
  }

  private var reading: String {
    "Each row is an object, each column a color that its prompt names, all with one seed. Look down a column for objects "
      + "that do not come out, and along a row for colors that do not take. What is called not in training "
      + "was held out when the bundled models were trained."
  }
}
