import Attention
import AttentionStore
import Checkpoints
import DiffusionModels
import Foundation
import Pipelines
import Tensors

/// Which maps a timed step records.
package enum RecordedKinds: String, CaseIterable {
  case none, cross, all

  fileprivate var kinds: Set<AttentionKind> {
    switch self {
    case .none: []
    case .cross: [.cross]
    case .all: Set(AttentionKind.allCases)
    }
  }
}

/// What a UNet is given in a step.
package struct StepInputs {
  /// `[2 * runs, height, width, channels]`: all unconditional halves, then all conditional ones.
  let latents: Tensor
  /// `[2 * runs, tokens, crossAttentionDim]`.
  let embeddings: Tensor
  let timestep: Double

  var runs: Int { latents.shape[0] / 2 }
  var height: Int { latents.shape[1] }
  var width: Int { latents.shape[2] }
  var tokens: Int { embeddings.shape[1] }

  /// Normal values of a fixed seed, 77 tokens, in the middle of the training's timesteps.
  package init(_ unet: UNet, runs: Int, size: LatentSize) {
    latents = random([2 * runs, size.height, size.width, unet.configuration.inChannels], 31)
    embeddings = random([2 * runs, 77, unet.configuration.crossAttentionDim], 32)
    timestep = 501
  }

  /// Reads `latents` `[2 * runs, channels, height, width]`, `embeddings` `[2 * runs, tokens, dim]` and `timestep` `[1]`,
  /// all of a float type.
  /// - Throws: `CheckpointError` if the file cannot be read; `BenchmarkError` naming every tensor that does not fit.
  package init(_ file: SafetensorsFile, for unet: UNet) throws {
    let configuration = unet.configuration
    let (latents, embeddings) = (try file.tensor(named: "latents"), try file.tensor(named: "embeddings"))
    let timestep = try file.tensor(named: "timestep")
    var problems: [String] = []
    if latents.shape.count != 4 || latents.shape[0] % 2 != 0 || latents.shape[1] != configuration.inChannels
      || latents.count == 0
    {
      problems.append(
        "\(file.name): latents: \(latents.shape); expected [2 * runs, \(configuration.inChannels), height, width]")
    }
    if embeddings.shape.count != 3 || embeddings.shape[0] != latents.shape.first
      || embeddings.shape[2] != configuration.crossAttentionDim || embeddings.count == 0
    {
      problems.append(
        "\(file.name): embeddings: \(embeddings.shape); expected [the batch of the latents, tokens, "
          + "\(configuration.crossAttentionDim)]")
    }
    if timestep.count != 1 { problems.append("\(file.name): timestep: \(timestep.shape); expected one value") }
    guard problems.isEmpty else { throw BenchmarkError(problems) }
    self.latents = try latents.channelsLast()
    self.embeddings = embeddings
    self.timestep = Double(timestep.values[0])
  }
}

/// One call of the UNet on a guided batch, with maps recorded and encoded as a run of an experiment does.
package struct StepBench {
  let unet: UNet
  let weights: WeightStore
  let inputs: StepInputs
  private let context: UNetContext

  /// - Parameter folder: a model's; only its `unet` is read.
  package init(_ folder: ModelFolder, inputs: (UNet) throws -> StepInputs) throws {
    let url = folder.url.appending(path: "unet")
    unet = try UNet(folder: url)
    weights = try WeightStore(folder: url)
    self.inputs = try inputs(unet)
    context = try unet.context(self.inputs.embeddings)
  }

  /// The noise predicted, `[2 * runs, height, width, channels]`, and the rows that a database would get.
  package func step(_ plan: AttentionPlan) throws -> (prediction: Tensor, rows: [Data]) {
    let probe = plan.probe(step: 0)
    let prediction = try unet(inputs.latents, timestep: inputs.timestep, context: context, probe: probe)
    return (prediction, probe.maps.flatMap { $0.map.type.encodedRows($0.values, heads: $0.map.heads) })
  }

  /// Records as an entry of an experiment file does that gives only its sites.
  package func plan(_ record: RecordedKinds) throws -> AttentionPlan {
    let sites = unet.sites(
      latentHeight: inputs.height, latentWidth: inputs.width, tokens: inputs.tokens)
    let keys = (0..<inputs.tokens).map { TokenKey(label: "\($0)", positions: [$0]) }
    let entry = PlannedRecord(
      record: 0, sites: sites.filter { record.kinds.contains($0.kind) }.map(\.index), steps: [0],
      branches: [.conditional], meanOfHeads: true, tokens: Array(repeating: keys, count: inputs.runs), pool: nil,
      type: .float32)
    return try AttentionPlan(
      sites: sites, lanes: Lane.batch(runs: inputs.runs, guided: true), stepCount: 1, tokens: inputs.tokens,
      operations: [], records: [entry])
  }

  /// - Parameter label: of the model.
  package func candidate(_ label: String, record: RecordedKinds) throws -> BenchCandidate {
    let plan = try plan(record)
    return BenchCandidate(
      name: "step, \(label), \(2 * inputs.runs)x\(inputs.height)x\(inputs.width) cells, record \(record.rawValue)",
      operations: NetworkWork.unet(
        weights, unet.configuration, batch: 2 * inputs.runs, height: inputs.height, width: inputs.width,
        tokens: inputs.tokens),
      recorded: record == .none ? nil : (plan.mapCount, plan.mapBytes)
    ) { _ = try step(plan) }
  }
}
