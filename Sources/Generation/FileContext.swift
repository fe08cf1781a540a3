import Foundation
import Pipelines
import Schedulers
import StrictYAML

// The experiment file's own keys, mappings of them, and forms of their values.

package typealias Key<Owner: Sendable> = SpecKey<Owner, FileContext>
package typealias Section<Owner: Sendable> = SpecSection<Owner, FileContext>
package typealias Form<Value: Sendable> = ValueForm<Value, FileContext>
/// Reads values that failed as defaults: their reports keep the spec from being used.
package typealias FileReader = SpecReader<FileContext>

/// What the values of an experiment file depend on besides: what is known without it, and what was read before them.
package struct FileContext {
  package var checkSites: (String) throws -> Void = { _ in }

  /// What was read of `generate`; nil before, and where nothing could be made of it.
  package fileprivate(set) var generate: GenerateSpec?
  /// The calls of the model that a run makes, which are what steps count: at least, and at most. nil where they are not
  /// known.
  package fileprivate(set) var calls: ClosedRange<Int>?
  /// Whether there are sources to take attention from.
  package fileprivate(set) var hasPairs = false
  /// What claims may name.
  package var claimable = ClaimableNames()
  /// What probes may name.
  package var probeLists: [(name: String, words: [String])] = []
  package var probeBanks: [String] = []
  package var probeNames: [String] = []

  package init(checkSites: @escaping (String) throws -> Void = { _ in }) {
    self.checkSites = checkSites
  }

  /// For operations that stand in no file: what they take attention from is given to them.
  mutating func assumesPairs() { hasPairs = true }

  /// The most calls of the model that a run may make.
  package static let mostCalls = SchedulerKind.allCases.map { $0.mostCalls(steps: 1000) }.max() ?? 1000
}

extension FileReader {
  /// Keeps of `generate` what later values depend on. What cannot be known after a problem is not checked: a report of a
  /// consequence would only hide its cause.
  package func note(_ generate: GenerateSpec) {
    let areStepsKnown = !["num_inference_steps", "sweep", "settings"].contains { hasProblem(below: "generate.\($0)") }
    context.generate = generate
    context.calls = areStepsKnown ? calls(of: generate) : nil
    context.hasPairs = !generate.pairs.isEmpty || hasProblem(below: "generate.pairs")
  }

  /// Those of the settings with the fewest. The bounds differ where the scheduler may be PNDM, since its configuration
  /// decides, which only the plan knows.
  private func calls(of generate: GenerateSpec) -> ClosedRange<Int>? {
    let counts = generate.settings.map { settings in
      let steps = settings.numInferenceSteps
      let most =
        switch settings.scheduler.flatMap({ SchedulerKind(rawValue: $0) }) {
        case nil: SchedulerKind.pndm.mostCalls(steps: steps)
        case .some(.pndm): FileContext.mostCalls
        case .some: steps
        }
      return (fewest: steps, most: most)
    }
    guard let fewest = counts.map(\.fewest).min(), let most = counts.map(\.most).min() else { return nil }
    return fewest...most
  }

  /// The whole path of a file or folder that is there, so that what is kept of the experiment runs from any folder; nil
  /// where nothing is.
  package func wholePath(_ name: String, _ field: Field) -> String? {
    let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    let whole = URL(filePath: path(name, field), relativeTo: here).standardizedFileURL.path
    return FileManager.default.fileExists(atPath: whole) ? whole : nil
  }

  /// The path of a file that need not be there. A relative path begins at the experiment file's folder, that of an option at
  /// the working folder.
  package func path(_ name: String, _ field: Field) -> String {
    if name.hasPrefix("/") || field.isOfOption { return name }
    return ((file as NSString).deletingLastPathComponent as NSString).appendingPathComponent(name)
  }
}

extension Form<String> {
  /// A bundled model's name as it is, and the whole path of any other folder; what is neither stays, for the message.
  package static var folder: Form<String> {
    line(allowsEmpty: false).checked { name, field, reader in
      BundledModels.url(of: name) == nil ? reader.wholePath(name, field) ?? name : name
    }
  }
}
