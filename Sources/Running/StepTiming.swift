import Attention
import Pipelines
import Planning
import Tensors

extension ExperimentPlan {
  /// Lanes that go through random UNets, of all groups and steps.
  fileprivate var observedLaneSteps: Int {
    get throws {
      guard spec.record.contains(where: { $0.randomUNet != nil }) else { return 0 }
      return try groups.reduce(0) { sum, group in
        let attention = try attention(of: group)
        return (0..<group.stepCount).reduce(sum) { $0 + attention.observedLanes(step: $1) }
      }
    }
  }
}

/// The time of a plan, from one step of its largest group.
package struct StepTiming {
  /// Of all groups, without the runs that are stored already taken off.
  package let seconds: Double

  /// Measures a step of the largest group after a warm-up, and decodes a picture.
  /// - Throws: what loading and computing throw.
  package init(_ plan: ExperimentPlan, _ model: StableDiffusion) throws {
    guard let largest = plan.largestGroup else {
      seconds = 0
      return
    }
    let attention = try plan.attention(of: largest)
    var denoising = try largest.denoising(model)
    // The first step pays for memory that later ones find ready.
    try denoising.advance(probe: attention.probe(step: 0))
    if denoising.isDone { denoising = try largest.denoising(model) }
    let step = denoising.step
    let clock = ContinuousClock()
    let measured = try clock.measure { try denoising.advance(probe: attention.probe(step: step)) }
    let decoding = try clock.measure { _ = try model.picture(denoising.latents(of: 0)) }
    let perLane = Self.seconds(measured) / Double(largest.laneCount(step: step) + attention.observedLanes(step: step))
    let laneSteps = plan.groups.reduce(0) { sum, group in
      (0..<group.stepCount).reduce(sum) { $0 + group.laneCount(step: $1) }
    }
    let pictures = plan.groups.reduce(0) { $0 + $1.runs.count * (($1.hasPictures ? 1 : 0) + $1.predictedSteps.count) }
    seconds = try perLane * Double(laneSteps + plan.observedLaneSteps) + Double(pictures) * Self.seconds(decoding)
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
