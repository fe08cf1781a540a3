import Foundation

/// How much of the sample is left at each timestep of training.
///
/// `alphasCumprod[t]` is the product of `1 - betas[s]` for s in 0...t, the square of the share of the clean sample in
/// the noisy one (Ho et al. 2020, eq. 4). Computed in float32 in the order of PyTorch, with its double accumulator in the
/// product, since the differences of neighbours enter the steps.
struct NoiseSchedule: Sendable {
  private(set) var alphasCumprod: [Float]

  /// A hundred times those of Stable Diffusion. Every one of them takes memory, and time at every step.
  private static let mostTrainSteps = 100_000

  var trainSteps: Int { alphasCumprod.count }

  /// sqrt((1 - alphaCumprod) / alphaCumprod) of each timestep: the noise beside a clean sample of scale 1
  /// (Karras et al. 2022).
  var sigmas: [Float] { alphasCumprod.map { ((1 - $0) / $0).squareRoot() } }

  /// - Parameter fromZero: whether the first sigma may be 0, as a beta of 0 makes it. Logarithms and roots of it may not.
  /// - Throws: `SchedulerError` if a sigma is infinite: nothing of the sample is left there, and no step leads back.
  func finiteSigmas(fromZero: Bool, _ configuration: SchedulerConfiguration) throws(SchedulerError) -> [Float] {
    let sigmas = sigmas
    guard sigmas.allSatisfy(\.isFinite), fromZero || sigmas.allSatisfy({ $0 > 0 }) else {
      throw SchedulerError(
        "\(configuration.file): the betas lead to sigmas from \(sigmas.min() ?? 0) to \(sigmas.max() ?? 0); they are "
          + "finite\(fromZero ? "" : ", and over 0 for use_karras_sigmas and log_linear"): check beta_start and beta_end"
      )
    }
    return sigmas
  }

  private enum BetaSchedule: String, CaseIterable {
    case linear
    case scaledLinear = "scaled_linear"
    case squaredCosine = "squaredcos_cap_v2"
  }

  /// Reads the keys of the noise schedule; problems go to the checker, and the schedule is then of no use.
  init(_ checker: inout ConfigurationChecker) {
    let configuration = checker.configuration
    let count = configuration.numTrainTimesteps ?? 1000
    alphasCumprod = []
    guard (1...Self.mostTrainSteps).contains(count) else {
      checker.report(.numTrainTimesteps, "\(count)", "it is 1 to \(Self.mostTrainSteps)")
      return
    }
    if let offset = configuration.stepsOffset, !(0..<count).contains(offset) {
      checker.report(.stepsOffset, "\(offset)", "it is 0 to \(count - 1), below num_train_timesteps")
    }
    var betas: [Float]
    if let trained = configuration.trainedBetas {
      guard trained.count == count else {
        checker.report(.trainedBetas, "a list of \(trained.count)", "it has num_train_timesteps values, \(count)")
        return
      }
      if let wrong = trained.first(where: { !(0..<1 ~= $0) }) {
        checker.report(.trainedBetas, "a list with \(wrong)", "each lies from 0 to below 1")
      }
      betas = trained.map(Float.init)
    } else {
      let start = configuration.betaStart ?? 0.0001
      let end = configuration.betaEnd ?? 0.02
      for (value, key) in [(start, ConfigurationChecker.Key.betaStart), (end, .betaEnd)] where !(0..<1 ~= value) {
        checker.report(key, "\(value)", "it lies from 0 to below 1")
      }
      switch checker.choice(configuration.betaSchedule, .betaSchedule, default: BetaSchedule.linear) {
      case .linear: betas = Self.linearSpace(start, end, count: count)
      case .scaledLinear:
        betas = Self.linearSpace(start.squareRoot(), end.squareRoot(), count: count).map { $0 * $0 }
      case .squaredCosine: betas = Self.cosineBetas(count: count)
      }
    }
    // PNDM of diffusers has no such key.
    if configuration.rescaleBetasZeroSNR == true, checker.kind != .pndm { betas = Self.rescaledToZeroSNR(betas) }
    alphasCumprod = Self.cumulativeProduct(betas.map { 1 - $0 })
  }

  /// Keeps the last sigma finite where the betas were rescaled: 2^-24 is what diffusers puts in the place of 0.
  mutating func keepLastSigmaFinite() {
    if let last = alphasCumprod.indices.last { alphasCumprod[last] = 0x1p-24 }
  }

  /// `torch.linspace` in float32, bit for bit: from the start in the first half and from the end in the second, fused.
  static func linearSpace(_ start: Double, _ end: Double, count: Int) -> [Float] {
    let (first, last) = (Float(start), Float(end))
    guard count > 1 else { return [first] }
    let step = (last - first) / Float(count - 1)
    return (0..<count).map { i in
      i < count / 2 ? first.addingProduct(step, Float(i)) : last.addingProduct(-step, Float(count - 1 - i))
    }
  }

  /// Nichol and Dhariwal 2021, eq. 17: the betas of a cosine-shaped alphasCumprod, at most 0.999.
  private static func cosineBetas(count: Int) -> [Float] {
    func alphaBar(_ time: Double) -> Double {
      let cosine = cos((time + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    return (0..<count).map { i in
      let ratio = alphaBar(Double(i + 1) / Double(count)) / alphaBar(Double(i) / Double(count))
      return Float(min(1 - ratio, 0.999))
    }
  }

  /// Lin et al. 2024, algorithm 1: shifts and scales sqrt(alphasCumprod) so that the last is 0 and the first stays.
  private static func rescaledToZeroSNR(_ betas: [Float]) -> [Float] {
    let roots = cumulativeProduct(betas.map { 1 - $0 }).map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last, first > last else { return betas }
    let scale = first / (first - last)
    let products = roots.map { root in
      let moved = (root - last) * scale
      return moved * moved
    }
    return products.indices.map { i in 1 - (i == 0 ? products[0] : products[i] / products[i - 1]) }
  }

  private static func cumulativeProduct(_ values: [Float]) -> [Float] {
    var product = 1.0
    return values.map { value in
      product *= Double(value)
      return Float(product)
    }
  }
}
