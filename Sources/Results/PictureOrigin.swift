import ExperimentFiles
import Formatting
import Plotting
import Tensors

extension [PNG.Text] {
  /// What the file of a picture says of itself: where it comes from, under the same keys in every file that attnlab writes.
  /// - Parameters:
  ///   - prompts, seeds, hashes: Of all the runs that it shows; each is named once.
  ///   - details: More of how it was made.
  package static func origin(
    title: String? = nil, prompts: [String], negativePrompt: String? = nil, seeds: [Seed], details: [PNG.Text] = [],
    hashes: [String]
  ) -> [PNG.Text] {
    (title.map { [PNG.Text("Title", $0)] } ?? []) + [PNG.Text("Prompt", prompts.uniqued.joined(separator: "; "))]
      + (negativePrompt.map { [PNG.Text("Negative-Prompt", $0)] } ?? [])
      + [PNG.Text("Seed", seeds.uniqued.map { "\($0)" }.joined(separator: ", "))] + details + [
        PNG.Text("Content-Hash", hashes.uniqued.joined(separator: " ")),
        PNG.Text("Software", "attnlab \(attnlabVersion)"),
      ]
  }
}
