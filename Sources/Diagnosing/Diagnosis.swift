import Formatting
import Foundation
import Pipelines
import Plotting
import Results
import Tensors

/// What is found of a machine and an installation: checks in the order in which they are printed.
package struct Diagnosis: Encodable {
  package enum Status: String, Encodable {
    case ok
    /// Works, but with less than there could be.
    case warning
    /// Does not work.
    case problem
  }

  package struct Check: Encodable {
    package let name: String
    let status: Status
    /// What was found.
    package let found: String
    /// What to do about it; nil where nothing is to be done.
    let advice: String?
  }

  private(set) var checks: [Check] = []
  package private(set) var usable = true

  package var problems: [Check] { checks.filter { $0.status == .problem } }

  private mutating func add(_ name: String, _ found: String) {
    checks.append(Check(name: name, status: .ok, found: found, advice: nil))
  }

  private mutating func add(_ name: String, _ status: Status, _ found: String, _ advice: String) {
    checks.append(Check(name: name, status: status, found: found, advice: advice))
    if status == .problem { usable = false }
  }

  /// Below these a first experiment would not get far.
  private static let littleSpace = 1 << 30
  private static let noSpace = 16 << 20
  private static let oldestSQLite = [3, 37, 0]

  /// - Parameters:
  ///   - results: the folder of results; need not exist.
  ///   - latents: the arguments with which this program prints what `SelfCheck.latents` gives, as a JSON array.
  ///   - environment: of the process.
  package init(
    results: URL, latents: [String], environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    addEngines(environment)
    addLibraries()
    addProcessor(environment)
    addResults(results)
    addModel(latents)
  }

  // MARK: - Libraries

  private mutating func addEngines(_ environment: [String: String]) {
    for backend in Engine.Backend.allCases {
      let name = backend == .oneDNN ? "oneDNN" : "OpenBLAS"
      guard backend.isAvailable else {
        add(
          name, .warning, "not in this build; OpenBLAS computes, slower",
          "sudo apt-get install libdnnl-dev, then make setup and make build")
        continue
      }
      add(name, Engine(backend: backend).library)
    }
    let current = "\(Engine.current.backend.rawValue)"
    let isNamed = environment[Engine.variable].map { !$0.isEmpty } ?? false
    add("engine", current + (isNamed ? ", as \(Engine.variable) asks" : ""))
  }

  private mutating func addLibraries() {
    let sqlite = LoadedLibraries.sqlite
    let version = (sqlite ?? "").split(separator: ".").compactMap { Int($0) }
    if let sqlite, !version.lexicographicallyPrecedes(Self.oldestSQLite) {
      add("SQLite", sqlite)
    } else {
      add(
        "SQLite", .problem, sqlite.map { "\($0), older than 3.37" } ?? "not found",
        "sudo apt-get install libsqlite3-dev")
    }
    if let png = LoadedLibraries.png {
      add("libpng", png)
    } else {
      add("libpng", .problem, "not found", "sudo apt-get install libpng-dev")
    }
    do {
      if try Lettering().isAvailable {
        add("FreeType", LoadedLibraries.freeType ?? "found")
      } else {
        add(
          "FreeType", .warning, "not in this build; figures carry no text",
          "sudo apt-get install libfreetype-dev, then make setup and make build")
      }
    } catch {
      add("FreeType", .problem, plainText(of: error), "build again: the font is a resource of the package")
    }
  }

  // MARK: - Machine

  private mutating func addProcessor(_ environment: [String: String]) {
    let features = Machine.features
    add(
      "processor", (Machine.processor ?? "unknown") + (features.isEmpty ? "" : ": \(features.joined(separator: " "))"))
    let core = environment[ThreadWaiting.coreVariable].map { "\(ThreadWaiting.coreVariable)=\($0)" }
    if let pinned = InstructionSet.pinned {
      let own = "its own choice"
      add("kernels", "\(pinned), as \(InstructionSet.variable) asks; so does oneDNN; OpenBLAS: \(core ?? own)")
    } else if InstructionSet.best == .plain {
      add("kernels", .warning, "plain C: the processor has no AVX2", "use a processor with AVX2 or AVX-512")
    } else {
      add("kernels", "\(InstructionSet.best)" + (core.map { "; OpenBLAS: \($0)" } ?? ""))
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let settings =
      environment
      .filter { ($0.key.hasPrefix("OMP_") || $0.key.hasPrefix("GOMP_")) && !ThreadWaiting.variables.contains($0.key) }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let text =
      "\(Engine.threads) on \(counted(cores, "core")); "
      + (settings.isEmpty ? "no OMP_ variable sets their number" : settings.joined(separator: " "))
    if Engine.threads > cores {
      add("threads", .warning, text, "set OMP_NUM_THREADS to \(cores) or less: threads would wait for one another")
    } else {
      add("threads", text)
    }
    let waiting = ThreadWaiting.inForce(environment)
    if let advice = waiting.advice {
      add("waiting", .warning, waiting.found, advice)
    } else {
      add("waiting", waiting.found)
    }
    let memory = ProcessInfo.processInfo.physicalMemory
    let available = AvailableMemory.bytes.map { ", \(Readable.bytes($0)) available" } ?? ""
    add("memory", Readable.bytes(Int(clamping: memory)) + available)
  }

  private mutating func addResults(_ folder: URL) {
    if let problem = OutputPlace.problem(folder: folder) {
      return add("results", .problem, problem, "name another folder with --results")
    }
    guard let free = OutputPlace.freeBytes(folder) else { return add("results", folder.path) }
    let text = "\(folder.path), \(Readable.bytes(free)) free"
    if free < Self.littleSpace {
      add(
        "results", free < Self.noSpace ? .problem : .warning, text,
        "make room, or name another folder with --results; `attnlab plan` tells what an experiment needs")
    } else {
      add("results", text)
    }
  }

  // MARK: - Model

  private mutating func addModel(_ arguments: [String]) {
    let backends = Engine.Backend.allCases.filter(\.isAvailable)
    var latents: [[Float]] = []
    for backend in backends {
      switch SelfCheck.run(arguments, on: backend) {
      case .latents(let values): latents.append(values)
      case .failure(let reason):
        add(
          "self-check", .problem, "a step of \(BundledModels.standard) on \(backend.rawValue) failed: \(reason)",
          "try `ATTNLAB_ENGINE=\(backend.rawValue) attnlab models \(BundledModels.standard)`, and build again with `make build`"
        )
      }
    }
    guard latents.count == backends.count, let first = latents.first, let last = latents.last else { return }
    let step = "a step of \(BundledModels.standard)"
    guard latents.count > 1 else {
      guard SelfCheck.difference(first, first) == 0 else {
        return add("self-check", .problem, "\(step) is not finite", "build again with `make build`")
      }
      return add("self-check", "\(step) on \(backends[0].rawValue); there is no other engine to compare with")
    }
    let difference = SelfCheck.difference(first, last)
    let names = backends.map(\.rawValue).joined(separator: " and ")
    let text = "\(step) on \(names): largest relative difference " + String(format: "%.1e", difference)
    guard difference <= SelfCheck.bound else {
      return add(
        "self-check", .problem, "\(text), above 5e-05",
        "use one engine and distrust its numbers: compare with `ATTNLAB_ENGINE=openblas`, and run `make test`")
    }
    add("self-check", text)
  }

  // MARK: - For a reader

  package var text: String {
    var table = TextTable(["", "what", "found"])
    for check in checks {
      table.add([check.status.rawValue, check.name, check.found])
      if let advice = check.advice { table.add(["", "", "-> \(advice)"]) }
    }
    let warnings = checks.count { $0.status == .warning }
    let end =
      !usable
      ? "not usable: \(counted(problems.count, "problem"))"
      : "usable" + (warnings == 0 ? "" : ", with \(counted(warnings, "warning"))")
    return table.text.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n\n\(end)\n"
  }
}
