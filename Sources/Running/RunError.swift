import AttentionStore
import ExperimentFiles

/// Why an experiment is not run, or what of its results cannot be used.
public enum RunError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The plan needs more of the disk than the file allows.
  case overBudget(ExperimentFault)
  /// The file names programs as metrics, and nobody has allowed them to run; a line for each.
  case programsNotAllowed([String])
  /// No file can be made in the folder of the results; the reason is the system's.
  case notWritable(folder: String, reason: String)

  public var description: String {
    switch self {
    case .overBudget(let fault): fault.description
    case .programsNotAllowed(let programs): programs.joined(separator: "\n")
    case .notWritable(let folder, let reason):
      "\(folder): results cannot be written there (\(reason)); choose another folder with --results"
    }
  }
}
