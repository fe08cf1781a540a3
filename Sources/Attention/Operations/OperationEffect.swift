import CKernels
import Tensors

/// What an operation comes to: the few things that plans, kernels and the start of a denoising know how to do.
enum OperationEffect: Sendable {
  /// Everything stays as it is. The operation is left out of a plan, and the bits stay.
  case nothing
  /// A matrix is changed: one head's map, or one head's queries, keys or values, or the output.
  /// - whole: what the same comes to where it changes all probabilities of a lane; nil where it has no such form.
  case matrix(whole: WholeFill? = nil, change: @Sendable (inout ChangedMatrix) -> Void)
  /// Each head takes the mean of all heads.
  case meanOfHeads
  /// The encoded prompt takes the empty prompt's embedding, position by position, where tokens of these roles stand. It
  /// does so before the first step, for every attention alike.
  case emptyPrompt(at: [PromptTokens.Role])
  /// The encoded prompt is that of the words without the chosen ones, and at each of those stands a random vector of the
  /// length of its own. Also before the first step.
  case randomWords(seed: Seed)
  /// Nothing is changed: observations of maps take the source's queries in place of the lane's own.
  case readAcross
  /// The run starts from its source's finished latents with noise added.
  case noisedSource(strength: Float)
}

/// A change of all probabilities that is made while they are computed, so that no map is ever whole.
enum WholeFill: Sendable {
  case source
  case zero
  case uniform
}

/// A matrix that is lent to an operation to change it in place.
struct ChangedMatrix {
  /// Its size and the masks of what may be changed.
  var region: ck_region
  let values: UnsafeMutablePointer<Float>
  /// What it takes from, of the same size; nil for an operation that takes from nothing.
  let source: UnsafePointer<Float>?
  /// Floats from row to row of the source.
  let sourceStride: Int32
  /// The keys of the attention.
  let keys: Int
  /// Rows as a grid, for what looks at neighbors.
  let height: Int32
  let width: Int32
  /// Where the object is, for what asks for it.
  let objects: ObjectMasks?

  var rows: Int { Int(region.rows) }

  /// Lends so many times as many floats as the matrix spans.
  func withScratch(copies: Int, _ body: (UnsafeMutablePointer<Float>?) -> Void) {
    var scratch = Tensor(uninitialized: [copies * rows * Int(region.stride)])
    scratch.withUnsafeMutableValues { body($0.baseAddress) }
  }
}
