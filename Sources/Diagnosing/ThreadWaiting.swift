import Foundation
import Tensors

/// How the threads of the kernels wait for one another.
///
/// A thread of libgomp that has nothing to do first looks for work over and over ("spins") and only then sleeps. Left to
/// itself libgomp spins for 300,000 rounds. On a machine that does other work too, a spinning thread holds the core that
/// the thread it waits for needs, and a picture takes many times as long. 1,000 rounds are chosen for a machine that is
/// shared: a step of one picture took 37 ms beside another busy program, and 110 ms with 10,000 rounds. On a free machine
/// they cost a tenth or so: 19 ms, and 15 to 18 with 10,000 (medians of 20 and 40 steps, two tries each, two cores of a Xeon
/// of 2023; `GOMP_SPINCOUNT=10000 attnlab bench step` repeats it).
package enum ThreadWaiting {
  /// What libgomp reads the number of rounds from, before `main`.
  static let variable = "GOMP_SPINCOUNT"
  /// The other variable that a user may choose with: `active` or `passive`.
  static let policy = "OMP_WAIT_POLICY"
  static let variables = [variable, policy]
  static let rounds = "1000"
  /// What OpenBLAS reads the name of a processor from when it is loaded, whose kernels it then takes.
  static let coreVariable = "OPENBLAS_CORETYPE"

  /// Starts this program once more in this very process, with `GOMP_SPINCOUNT` set, unless the user chose a way of
  /// waiting, and with `OPENBLAS_CORETYPE`, where ``openBLASCore(pinned:fastest:library:)`` names one and the user did not.
  ///
  /// Setting the variables here would be too late for libgomp and OpenBLAS. Process number, arguments, streams, limits and
  /// ignored signals stay; nothing was read or written before. The program that is started finds the variables set, so this
  /// happens once. Where it cannot be started the call returns, and the libraries do as they do by themselves.
  package static func settle() {
    var missing: [String: String] = [:]
    if getenv(variable) == nil, getenv(policy) == nil { missing[variable] = rounds }
    if getenv(coreVariable) == nil { missing[coreVariable] = openBLASCore() }
    guard !missing.isEmpty, isProgramItself, missing.allSatisfy({ setenv($0.key, $0.value, 1) == 0 }) else { return }
    // By its own path, so that `ps` and `killall` know its name; by the link where the file was replaced meanwhile.
    let link = "/proc/self/exe"
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    if readlink(link, &path, path.count - 1) > 0 { execv(path, CommandLine.unsafeArgv) }
    execv(link, CommandLine.unsafeArgv)
    for name in missing.keys { unsetenv(name) }
  }

  /// The processor whose kernels OpenBLAS is to take: that of the pin, or where it knows this processor not at all the
  /// fastest that has these instructions. nil where its own choice is as good.
  ///
  /// A processor that is younger than OpenBLAS gets the kernels of the plainest one, which took six times as long as
  /// those for AVX-512 in a product of 1500x1500 matrices (OpenBLAS 0.3.21 on a Xeon of 2023).
  /// - Parameter library: what OpenBLAS says of itself, with the name of the processor that it takes this one for.
  static func openBLASCore(
    pinned: InstructionSet? = .pinned, fastest: InstructionSet = .fastest,
    library: String = Engine(backend: .openBLAS).library
  ) -> String? {
    if let pinned { return pinned.openBLASCore }
    let isUnknown = library.split(separator: " ").contains { $0 == InstructionSet.plain.openBLASCore }
    return isUnknown && fastest > .plain ? fastest.openBLASCore : nil
  }

  /// What is in force in a process with this environment, and what to do where that is not the best.
  static func inForce(_ environment: [String: String]) -> (found: String, advice: String?) {
    let chosen = variables.compactMap { name in environment[name].map { "\(name)=\($0)" } }
    if chosen == ["\(variable)=\(rounds)"] {
      return (
        "threads sleep after \(rounds) rounds of looking for work: \(chosen[0]), which attnlab sets by itself", nil
      )
    }
    if !chosen.isEmpty { return ("as \(chosen.joined(separator: " and ")) says", nil) }
    return (
      "as libgomp does by itself: threads look for work for a long time before they sleep",
      "set \(variable)=\(rounds): beside other work a picture would take many times as long"
    )
  }

  /// Whether the kernel was asked for this program, and not for a loader that was given its name (`ld.so attnlab`): such
  /// a loader would be what starts again, with arguments that are not its own. The kernel notes where it put the loader
  /// (`AT_BASE`, key 7); it is nowhere when the loader is the program.
  private static var isProgramItself: Bool {
    guard let file = fopen("/proc/self/auxv", "r") else { return false }
    defer { fclose(file) }
    var entry: (key: UInt, value: UInt) = (0, 0)
    while fread(&entry, MemoryLayout.size(ofValue: entry), 1, file) == 1 {
      if entry.key == 7 { return entry.value != 0 }
    }
    return false
  }
}
