import Attention
import ExperimentFiles
import Formatting
import Pipelines
import Planning
import Tensors

extension ExperimentPlan {
  /// The group with the most elements in its batch; nil for a plan without groups.
  public var largestGroup: PlannedGroup? { groups.max { $0.laneCount < $1.laneCount } }

  /// About how many bytes a group takes at its peak, beside the model: the batch, and the maps of its largest step.
  /// - Parameter attention: of the group.
  public func peakBytes(of group: PlannedGroup, _ attention: AttentionPlan) -> Int {
    saturatingSum([
      memory.peakBytes(lanes: group.laneCount, height: height, width: width), attention.largestStepBytes,
      attention.heldBytes, memory.randomUNetBytes(count: attention.observers.count),
    ])
  }

  /// What a group can have of the memory that is there before the model is loaded; nil where that is not known.
  public var availableBesideModel: Int? { AvailableMemory.bytes.map { max(0, $0 - memory.weights) } }

  /// A group of each make-up: all of one make-up take the same memory.
  /// - Parameter isMeant: which groups count.
  func groupOfEachMakeUp(where isMeant: (PlannedGroup) -> Bool = { _ in true }) -> [PlannedGroup] {
    var seen: Set<Int> = []
    return groups.filter { isMeant($0) && seen.insert($0.makeUp).inserted }
  }

  /// How many bytes the program takes at its peak at least: the weights, and the group that needs most.
  func peakBytes() throws -> Int {
    saturatingSum([
      memory.weights, try groupOfEachMakeUp().map { peakBytes(of: $0, try attention(of: $0)) }.max() ?? 0,
    ])
  }

  /// Refuses a plan of which a group needs more memory than there is.
  /// - Throws: as for the group.
  public func checkMemory(available: Int?) throws {
    for group in groupOfEachMakeUp() { try checkMemory(of: group, attention(of: group), available: available) }
  }

  /// Refuses a group that needs more memory than there is, before its first step.
  /// - Parameters:
  ///   - attention: of the group.
  ///   - available: nil where it is not known; then nothing is refused.
  /// - Throws: `ExperimentError` that says what to reduce.
  public func checkMemory(
    of group: PlannedGroup, _ attention: AttentionPlan, available: Int? = AvailableMemory.bytes
  ) throws(ExperimentError) {
    guard let available else { return }
    let needed = peakBytes(of: group, attention)
    guard needed > available else { return }
    throw ExperimentError(
      ExperimentFault(
        "\(group.runs.count) runs in one batch of \(width) x \(height) pixels need about "
          + "\(Readable.bytes(needed)), of which the maps of one step are "
          + "\(Readable.bytes(attention.largestStepBytes)), and \(Readable.bytes(available)) are available",
        at: "memory",
        advice:
          "lower generate.batch (here \(spec.generate.batch)) or the pictures' size, record fewer sites or reduce them "
          + "with `heads: mean` or `pool`, or end other programs"))
  }
}
