import ArgumentParser
import Benchmarks
import Checkpoints
import Formatting
import Foundation
import Pipelines
import Results

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the speed of this machine: kernels, steps, decoding, recording, probes, editing methods.",
    discussion: """
      attnlab checks each case before it measures its time: its own kernels against plain twins in double precision, \
      products and convolutions of both libraries against each other and against sums in double precision, probes \
      against a plain ridge regression, and the sources of edits against plain pictures. If a result is wrong, that is an error and nothing is timed. Cases take turns with a large product, whose fastest \
      call is the machine's peak.

      Examples:
        attnlab bench kernels
        attnlab bench kernels --only "4096x77"
        attnlab bench step --record cross --repeat 20
        attnlab bench step --model ~/models/stable-diffusion-v1-5 --height 512 --width 512 --record all --json

      With --json each case is one JSON object in one line: case, engine, threads, n, median_s, min_s, max_s, \
      times_s, gflops, peak_gflops, peak_share, peak_rss_gib. Some cases also have difference and difference_allowed \
      (max|a - b| / max|b| of the check), gib_per_s, rows_per_s, mb_per_s, maps, map_bytes. A number that a case \
      does not have is null or left out. Memory is the process's largest while the case ran.
      """,
    subcommands: [
      BenchStepCommand.self, BenchKernelsCommand.self, BenchVAECommand.self, BenchRecorderCommand.self,
      BenchProbesCommand.self, BenchMethodsCommand.self, BenchAllCommand.self,
    ])
}

struct BenchOptions: ParsableArguments {
  @Option(name: .customLong("repeat"), help: ArgumentHelp("Timed calls of each case, 1 to 10000.", valueName: "number"))
  var repeats = 5

  @OptionGroup var output: JSONOption

  func validate() throws {
    guard (1...10_000).contains(repeats) else {
      throw ValidationError("--repeat: \(repeats) is not allowed; it is 1 to 10000")
    }
  }

  /// Times each group and prints: JSON as it comes, a table at the end.
  func report(_ groups: [BenchGroup]) throws {
    var results: [BenchResult] = []
    for group in groups {
      // A group's tensors are gone before the next one's are made.
      let new = try allProblems {
        try Contest.results(of: group.candidates(), repeats: repeats) { StandardError.write($0 + "\n") }
      }
      if output.json { for result in new { try StandardOutput.write(result.line()) } }
      results += new
    }
    guard !output.json else { return }
    try StandardOutput.write(results.table)
    if let peak = results.peakText { try StandardOutput.write("\n\(peak)\n") }
  }
}

/// Does something of a benchmark, and reports all that is wrong with it.
private func allProblems<Result>(_ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as BenchmarkError {
    throw CommandError(error.problems.joined(separator: "\nerror: "))
  }
}

extension RecordedKinds: ExpressibleByArgument {}

struct PictureSizeOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("In pixels, a multiple of 8. (default: the model's)", valueName: "pixels"))
  var height: Int?

  @Option(name: .long, help: ArgumentHelp("In pixels, a multiple of 8. (default: the model's)", valueName: "pixels"))
  var width: Int?

  /// - Throws: `UsageError` for sides that the model cannot make.
  func latents(of folder: ModelFolder) throws -> LatentSize {
    do { return try LatentSize(folder, height: height, width: width) } catch let error as BenchmarkError {
      throw UsageError(error.problems.map { "--\($0)" })
    }
  }
}

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Measure one guided denoising step: the UNet on both halves.",
    discussion: """
      The batch has 2 elements for each run, the unconditional and the conditional half. The text's keys and values \
      are computed before, because a run computes them once for each prompt. The scheduler, which only sums over the \
      latents, is left out. Maps are recorded as for an entry of an experiment file that gives only sites: the \
      conditional half, the mean over heads, all tokens, fp32. They are encoded as rows but not stored (see bench \
      recorder). Only the model's unet is loaded.

      --inputs reads safetensors: latents [2 * runs, channels, height, width], embeddings [2 * runs, tokens, dim] \
      and timestep [1]; without it they are random. --output writes the tensor prediction, of the latents' shape.
      """)

  @OptionGroup var modelOption: ModelOption
  @OptionGroup var size: PictureSizeOptions

  @Option(name: .long, help: ArgumentHelp("Maps to record: none, cross or all.", valueName: "kinds"))
  var record = RecordedKinds.none

  @Option(name: .long, help: ArgumentHelp("Pictures denoised in one batch. (default: 1)", valueName: "number"))
  var runs: Int?

  @Option(name: .long, help: ArgumentHelp("The inputs of the UNet. (default: random)", valueName: "file.safetensors"))
  var inputs: String?

  @Option(name: .long, help: ArgumentHelp("A file to write the UNet's prediction to.", valueName: "file.safetensors"))
  var output: String?

  @OptionGroup var options: BenchOptions

  func validate() throws {
    var problems: [String] = []
    if let runs, !(1...1000).contains(runs) { problems.append("--runs: \(runs) is not allowed; it is 1 to 1000") }
    if inputs != nil, runs != nil || size.height != nil || size.width != nil {
      problems.append("--inputs: the file's tensors say runs, height and width; leave out --runs, --height and --width")
    }
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\nerror: ")) }
  }

  func run() throws {
    let output = output.map(fileURL)
    if let output, let problem = OutputPlace.problem(file: output) { throw CommandError("--output: \(problem)") }
    let bench = try load()
    let candidate = try bench.candidate(modelOption.model, record: record)
    try options.report([BenchGroup(candidate.name) { [candidate] }])
    guard let output else { return }
    // After the timing, so that the tensor does not count as memory of the step.
    let prediction = try bench.step(bench.plan(record)).prediction.channelsFirst()
    var files = OutputFiles()
    files.add(output) {
      try SafetensorsWriter.encode([("prediction", prediction)], name: output.lastPathComponent)
    }
    try files.commit()
  }

  private func load() throws -> StepBench {
    let folder = try commandLineModel(modelOption.model)
    if let inputs {
      let file = try SafetensorsFile(url: fileURL(inputs), named: inputs)
      return try allProblems { try StepBench(folder) { try StepInputs(file, for: $0) } }
    }
    let size = try size.latents(of: folder)
    return try StepBench(folder) { StepInputs($0, runs: runs ?? 1, size: size) }
  }
}

struct BenchKernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure attention, norms, activations, products and convolutions at the sizes of Stable Diffusion 1.5.",
    discussion: """
      Operations are counted by formulas: for attention its two products alone, for a norm 6 for each value, for \
      SiLU 3 and for GEGLU 5 for each result, with an exponential as one. For norms and activations, GiB/s says more \
      than GFLOP/s.
      """)

  @Option(name: .long, help: ArgumentHelp("Only cases whose name contains this.", valueName: "text"))
  var only: String?

  @OptionGroup var options: BenchOptions

  func run() throws {
    let all = BenchGroup.kernels
    let chosen = only.map { text in all.filter { $0.name.contains(text) } } ?? all
    guard !chosen.isEmpty else {
      throw UsageError(
        "--only: no case's name holds \"\(printable(only ?? ""))\"; there are \(all.map(\.name).joined(separator: "; "))"
      )
    }
    try options.report(chosen)
  }
}

struct BenchVAECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vae", abstract: "Measure the decoding of latents to a picture.",
    discussion: "Only the model's vae is loaded.")

  @OptionGroup var modelOption: ModelOption
  @OptionGroup var size: PictureSizeOptions
  @OptionGroup var options: BenchOptions

  func run() throws {
    let folder = try commandLineModel(modelOption.model)
    let size = try size.latents(of: folder)
    try options.report([
      BenchGroup("decoding") { [try VAEBench.candidate(folder, label: modelOption.model, size: size)] }
    ])
  }
}

struct BenchRecorderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recorder",
    abstract: "Measure how fast maps go into a database: encoding, and one transaction a step.",
    discussion: """
      The database is a file in the system's folder for temporary files (TMPDIR) and is removed afterward. Before \
      the timing, attnlab stores a step and reads a row of it again. As in a run, the system decides when it writes \
      to the disk.
      """)

  @OptionGroup var options: BenchOptions

  func run() throws {
    try options.report(BenchGroup.recorder)
  }
}

struct BenchProbesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probes",
    abstract: "Measure a scan of ridge probes with permutations of the labels.",
    discussion: """
      Each place has 256 features of 1344 pictures: 7 classes, 12 things and 16 seeds, of which one at a time is held \
      out. Its probe is trained for the true labels and for 999 permutations of them. What is timed includes making the \
      features. 1024 places are as many as 16 layers have in 8 calls and 8 heads.
      """)

  @Option(name: .long, help: ArgumentHelp("Places of attention, 1 to 100000.", valueName: "number"))
  var places = 32

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...100_000).contains(places) else {
      throw ValidationError("--places: \(places) is not allowed; it is 1 to 100000")
    }
  }

  func run() throws {
    try options.report([BenchGroup.probes(places: places)])
  }
}

struct BenchAllCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all",
    abstract: "Measure kernels, decoding, the recorder, probes, and steps that record nothing, cross maps and all maps."
  )

  @OptionGroup var modelOption: ModelOption
  @OptionGroup var size: PictureSizeOptions
  @OptionGroup var options: BenchOptions

  func run() throws {
    let folder = try commandLineModel(modelOption.model)
    let size = try size.latents(of: folder)
    let label = modelOption.model
    let decoding = BenchGroup("decoding") { [try VAEBench.candidate(folder, label: label, size: size)] }
    let steps = BenchGroup("steps") {
      let bench = try StepBench(folder) { StepInputs($0, runs: 1, size: size) }
      return try RecordedKinds.allCases.map { try bench.candidate(label, record: $0) }
    }
    try options.report(BenchGroup.kernels + [decoding] + BenchGroup.recorder + [.probes(places: 32), steps])
  }
}
