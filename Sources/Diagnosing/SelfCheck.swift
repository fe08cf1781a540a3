import Formatting
import Foundation
import Pipelines
import Planning
import Schedulers
import Tensors

/// One denoising step of the bundled model on each engine, in a process of its own for each: a program takes one engine
/// for its whole life, and a library that stops its process must not take the diagnosis with it.
package enum SelfCheck {
  /// The largest difference of the latents over their largest value. fp32 blocks of different libraries agree so well.
  static let bound = 5e-5

  /// What one engine made of the step.
  enum Outcome {
    case latents([Float])
    case failure(String)
  }

  /// The latents after the first of two guided steps, on the engine of this process: text encoder and UNet at half the
  /// size that the model was trained for.
  /// - Throws: what loading and computing throw.
  package static func latents() throws -> [Float] {
    let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    let model = try StableDiffusion(folder: ModelSource.folder(named: BundledModels.standard, from: here))
    let size = max(8 * model.scale, model.defaultSize.height / 2 / model.scale * model.scale)
    var denoising = try Denoising(
      model, prompts: [model.tokenizer.encode("a red car")],
      settings: DenoisingSettings(
        seed: 1, steps: 2, guidanceScale: 5, negativePrompt: "", scheduler: .ddim, height: size, width: size))
    if let broken = try denoising.advance().first { throw broken }
    return denoising.latents.withUnsafeValues { Array($0) }
  }

  /// Asks a process of this program for its latents.
  /// - Parameter arguments: with which it prints them as a JSON array.
  static func run(_ arguments: [String], on backend: Engine.Backend) -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["ATTNLAB_ENGINE": backend.rawValue]) { $1 }
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { return .failure("the program cannot be started again (\(plainText(of: error)))") }
    // An error's few lines fit into their pipe while the output is read.
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationReason == .uncaughtSignal {
      return .failure(
        "ended by signal \(process.terminationStatus) (\(String(cString: strsignal(process.terminationStatus))))")
    }
    guard process.terminationStatus == 0, let latents = try? JSONDecoder().decode([Float].self, from: data) else {
      let first = message.split(separator: "\n").first.map(String.init) ?? "no output"
      return .failure(first.hasPrefix("error: ") ? String(first.dropFirst(7)) : first)
    }
    return .latents(latents)
  }

  /// `max|a - b| / max|b|`; infinite where sizes differ or a value is not finite.
  static func difference(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count, !a.isEmpty, (a + b).allSatisfy(\.isFinite) else { return .infinity }
    let largest = b.reduce(0) { max($0, abs($1)) }
    return Double(zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }) / Double(max(largest, .leastNormalMagnitude))
  }
}
