import Tensors

/// What one attention is to do beside its work: nothing, by default.
public struct AttentionRequest: Sendable {
  /// One a lane of the batch; empty: every lane computes its own probabilities.
  public var fills: [ProbabilityFill]
  /// In order, of any place. A lane with edits has the fill `.own`.
  public var edits: [AttentionEdit]
  public var observations: [MapObservation]
  public var vectors: [VectorObservation]

  public init(
    fills: [ProbabilityFill] = [], edits: [AttentionEdit] = [], observations: [MapObservation] = [],
    vectors: [VectorObservation] = []
  ) {
    self.fills = fills
    self.edits = edits
    self.observations = observations
    self.vectors = vectors
  }
}

/// Something that is asked at each attention of a forward pass, in the order of the pass.
public protocol AttentionProbe: AnyObject {
  /// What is to be done at a site, by its index in the UNet's list of sites.
  func request(site: Int) -> AttentionRequest
  /// What was observed, in the order of the request: maps, then vectors.
  func receive(site: Int, observed: [Tensor])
  /// The random UNets that are run on the same latents, text and time, each with a probe of its own.
  var observers: [ObserverProbe] { get }
  /// The lanes that the model is called with; nil: all.
  var batch: LaneBatch? { get }
  /// What this call leaves for later ones.
  var held: [HeldAttention: Tensor] { get }
  /// Gives it what earlier calls have left, before it is asked for anything.
  /// - Throws: `MissingCall` if it takes from a call that is not among them.
  func recall(_ held: [HeldAttention: Tensor]) throws(MissingCall)
  /// What is changed of the residual feature of a residual block, by its path in diffusers.
  func residualEdits(path: String) -> [AttentionEdit]
}

extension AttentionProbe {
  public var observers: [ObserverProbe] { [] }
  /// All.
  public var batch: LaneBatch? { nil }
  /// Nothing.
  public var held: [HeldAttention: Tensor] { [:] }
  /// Takes nothing.
  public func recall(_ held: [HeldAttention: Tensor]) throws(MissingCall) {}
  /// Nothing.
  public func residualEdits(path: String) -> [AttentionEdit] { [] }
}
