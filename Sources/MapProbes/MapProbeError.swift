import Formatting

/// Why a probe of stored maps cannot be trained, kept or read.
public enum MapProbeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing is stored of a record at a place.
  case noMaps(String)
  /// A run of the plan that is not stored, or not done.
  case noRun(experiment: String, run: String)
  /// A picture without all heads of a place.
  case missing(String, run: String, expected: Int, found: Int)
  /// A map of another size than the others.
  case shape(String, expected: Int, found: Int)
  case tooLarge(String)
  /// A record that keeps no such word of a prompt.
  case noWord(String, prompt: String)
  /// A result or a trained probe that cannot be what was stored.
  case unreadable(String, reason: String)
  case noProbe(asked: String, known: [String])
  case noResults(experiment: String)
  /// A signal ended it between two probes.
  case interrupted(done: Int, total: Int)

  public var description: String {
    switch self {
    case .noMaps(let what): "\(what): no map is stored; run the file of that experiment again"
    case .noRun(let experiment, let run):
      "\(experiment): \"\(run)\" is not done; run the file of that experiment first"
    case .missing(let what, let run, let expected, let found):
      "\(what): \"\(run)\" has \(found) of \(expected) maps; run the file of that experiment again"
    case .shape(let what, let expected, let found):
      "\(what): a map has \(found) values where others have \(expected); the pictures are of different sizes, or the database "
        + "is damaged"
    case .tooLarge(let what): "\(what): too many values for one place; pool the maps, or take the mean over heads"
    case .noWord(let what, let prompt): "\(what): the word that is read is not stored of \"\(prompt)\""
    case .unreadable(let what, let reason): "\(what) cannot be read (\(reason)); run the experiment's file again"
    case .noProbe(let asked, let known):
      "there is no probe \(quoted(asked)); "
        + (known.isEmpty ? "none is stored" : "there are \(known.map(quoted).joined(separator: ", "))")
    case .noResults(let experiment):
      "\(experiment) has no probes; write probes: into its file and run it"
    case .interrupted(let done, let total): "stopped after \(done) of \(total) probes"
    }
  }
}
