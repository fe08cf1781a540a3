import Measures

/// How often instruments are right, by name: measured on what was not used to make them, before any experiment.
public struct InstrumentAccuracies: Sendable {
  /// The share of known answers that an instrument gets right, 0...1; nil if nobody measured it.
  public let accuracy: @Sendable (String) -> Double?

  public init(_ accuracy: @escaping @Sendable (String) -> Double?) {
    self.accuracy = accuracy
  }

  /// Those of an experiment's instruments: `scene_reader.color` is the share of colors that its scene reader names right. Of pictures
  /// that the reader was not made for nothing is known.
  public init(_ folders: InstrumentFolders, of model: String) {
    let isKnown = folders.knows(model, .sceneReader)
    let validation = isKnown ? try? SceneReaderValidation(folder: folders.folder(.sceneReader)) : nil
    self.init { name in
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2, parts[0] == Instrument.sceneReader.rawValue else { return nil }
      return SceneReaderValidation.shares.contains(parts[1]) ? validation?.values[parts[1]] : nil
    }
  }
}
