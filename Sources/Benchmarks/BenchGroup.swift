/// Candidates that are timed in turn. They are made when their group's turn comes, so that few tensors are in memory at a time.
package struct BenchGroup {
  package let name: String
  package let candidates: () throws -> [BenchCandidate]

  package init(_ name: String, candidates: @escaping () throws -> [BenchCandidate]) {
    self.name = name
    self.candidates = candidates
  }

  /// Attention, norms, activations, products and convolutions.
  package static var kernels: [BenchGroup] { KernelBench.groups + EngineBench.groups }

  /// Steps of different sizes into a database.
  package static var recorder: [BenchGroup] {
    RecorderBench.loads.map { load in BenchGroup(load.label) { [try RecorderBench(load).candidate()] } }
  }

  /// A scan of ridge probes.
  package static func probes(places: Int) -> BenchGroup {
    BenchGroup("probes") { [try ProbeBench.candidate(blocks: places)] }
  }
}
