import AttentionStore
import Foundation

/// stub
public enum ExperimentReport {
  public static func write(results: ResultsFolder, store: AttentionStore) throws -> [URL] { [] }
}
