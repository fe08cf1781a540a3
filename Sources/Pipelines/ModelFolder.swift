import Checkpoints
import DiffusionModels
import Foundation
import Schedulers

/// A Stable Diffusion checkpoint in the diffusers folder layout, before its weights are loaded.
public struct ModelFolder: Sendable {
  public let url: URL
  /// The folder's name, for messages and reports.
  public var name: String { url.lastPathComponent }

  /// The class of the scheduler that `model_index.json` names.
  public let schedulerClass: String

  /// - Throws: `CheckpointError` if the folder has no `model_index.json`, its index names a pipeline or components of classes
  ///   that are not computed here, or something else than a file stands in the place of one.
  public init(_ url: URL) throws(CheckpointError) {
    self.url = url
    let index = url.appending(path: "model_index.json")
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw CheckpointError(
        .init(
          file: url.path, field: "model_index.json", found: "missing",
          expected: "a Stable Diffusion pipeline in the diffusers folder layout"),
        advice: "Save one with diffusers: StableDiffusionPipeline.save_pretrained(\"folder\").")
    }
    var file = try ConfigFile(contentsOf: index, named: "model_index.json")
    schedulerClass = PipelineClass(&file).scheduler
    let advice = file.problems.isEmpty ? nil : PipelineClass.advice
    file.note(
      contentFiles.compactMap { irregularity(of: $0, named: $0.pathComponents.suffix(2).joined(separator: "/")) })
    guard file.problems.isEmpty else { throw CheckpointError(file.problems, advice: advice) }
  }

  /// The folder of a component.
  func component(_ name: String) -> URL { url.appending(path: name) }

  /// `scheduler/scheduler_config.json`.
  /// - Throws: `SchedulerError`, or `CheckpointError` if the file cannot be read.
  public func schedulerConfiguration() throws -> SchedulerConfiguration {
    let file = component("scheduler").appending(path: "scheduler_config.json")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw CheckpointError(
        .init(
          file: url.path, field: "scheduler/scheduler_config.json", found: "missing or unreadable",
          expected: "the settings of a scheduler"), advice: "Save the whole pipeline again with diffusers.")
    }
    return try SchedulerConfiguration(json: Data(readText(file, named: "scheduler/scheduler_config.json").utf8))
  }

  /// The files that decide what the model computes, in a fixed order: what a hash of the model covers.
  public var contentFiles: [URL] {
    PipelineClass.components.flatMap { component in
      let folder = self.component(component.name)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.sorted()
        .filter { $0.hasSuffix(".json") || $0.hasSuffix(".txt") || $0.hasSuffix(".safetensors") }
        .map { folder.appending(path: $0) }
    }
  }

  /// SHA-256, in hexadecimal, over names and contents of the files that decide what the model computes.
  /// - Parameter cache: where hashes of large files are kept; nil: everything is read.
  /// - Throws: as `ContentHash`.
  public func contentHash(cache: ContentHashCache? = nil) throws -> String {
    try ContentHash.hash(contentFiles, cache: cache)
  }

  /// What is known of the folder without reading weights, and every problem of it: of its own scheduler, and those that keep it
  /// from being described.
  public func examined() -> (description: ModelDescription?, problems: [String]) {
    var problems: [String] = []
    do { try checkScheduler() } catch { problems.append("\(error)") }
    do { return (try ModelDescription(self), problems) } catch {
      // A scheduler file that cannot be read was named already.
      return (nil, problems + error.problems.filter { !problems.contains($0) })
    }
  }

  /// Every problem that `examined` finds.
  public func problems() -> [String] { examined().problems }
}
