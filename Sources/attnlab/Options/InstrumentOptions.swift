import ArgumentParser
import Measures

/// The networks that metrics look with, where they are not the bundled ones.
struct InstrumentOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The scene reader's folder. (default: the bundled one)", valueName: "folder"),
    completion: .directory)
  var sceneReader: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A second scene reader's folder, for the metrics of two judges. (default: the bundled one, where there is one)",
      valueName: "folder"),
    completion: .directory)
  var secondSceneReader: String?

  @Option(
    name: .long,
    help: ArgumentHelp("A CLIPModel of transformers. (default: the bundled independent_clip)", valueName: "folder"),
    completion: .directory)
  var clip: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A DINO or a CLIP whose keys measure structure. (default: the bundled model's clip)", valueName: "folder"),
    completion: .directory)
  var structure: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Weights of LPIPS, made by Experiments/lpips/convert.py; none are bundled.", valueName: "folder"),
    completion: .directory)
  var lpips: String?

  var folders: InstrumentFolders {
    let given: [(Instrument, String?)] = [
      (.sceneReader, sceneReader), (.secondSceneReader, secondSceneReader), (.clip, clip), (.structure, structure),
      (.lpips, lpips),
    ]
    return InstrumentFolders(
      Dictionary(uniqueKeysWithValues: given.compactMap { name, folder in folder.map { (name, $0) } }))
  }
}
