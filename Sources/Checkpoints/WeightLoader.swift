import Tensors

/// Hands the tensors of a store to a model, and sees to it that the two fit exactly.
///
/// The model takes each tensor it needs, by name and shape. A tensor that is missing or of another shape is noted and
/// zeros come in its place, so that one error names everything; `finish` throws it, together with the tensors that
/// nobody took. What was built of stand-ins is never used.
///
///     let loader = WeightLoader(try WeightStore(folder: folder), aliases: .olderVAEAttention)
///     let weight = try loader.take("encoder.conv_in.weight", shape: [128, 3, 3, 3])
///     ...
///     try loader.finish()
///
/// Each tensor is converted when it is taken; the loader keeps none, so the peak is the model and one tensor. With `require`
/// in place of `take` the files' headers alone are held against the model, and no value is read.
public final class WeightLoader {
  public let store: WeightStore
  private let aliases: [WeightAlias]
  private var taken: Set<ExactString> = []
  private var problems: [CheckpointError.Problem] = []
  private var zeros: [[Int]: Tensor] = [:]
  /// Of the zeros handed out in the place of tensors that are missing or of another shape.
  private var standInBytes = 0

  /// The most bytes of zeros that are handed out. A config that asks for much more than the files hold would else fill the
  /// memory before `finish` could say so.
  static let standInLimit = 256 << 20

  /// - Parameter aliases: rules for other names, tried in turn where a tensor is not there under its own.
  public init(_ store: WeightStore, aliases: [WeightAlias] = []) {
    self.store = store
    self.aliases = aliases
  }

  /// Whether a tensor is there, under its name or an alias: for parts that some checkpoints have.
  public func has(_ name: String) -> Bool {
    stored(name) != nil
  }

  /// Whether the files hold a tensor, under its name or an alias, in a shape: what `take` asks before it reads a value.
  ///
  /// - Parameters:
  ///   - name: as the model names it today.
  ///   - shape: as the model needs it.
  ///   - aliases: other names of this one tensor, beside the loader's rules.
  ///   - orShapes: shapes of as many values that files may hold instead, as `[c, c, 1, 1]` for a linear `[c, c]`.
  /// - Returns: what the files call the tensor; nil if there was a problem, which `finish` will throw.
  @discardableResult
  public func require(_ name: String, shape: [Int], aliases: [String] = [], orShapes: [[Int]] = []) -> String? {
    guard let stored = stored(name, aliases), let entry = store.entry(stored) else {
      problems.append(
        .init(.missing, file: store.name, tensor: name, field: "tensor", found: "missing", expected: "\(shape)"))
      return nil
    }
    guard taken.insert(ExactString(stored)).inserted else {
      problems.append(
        .init(file: store.name, tensor: name, field: "use", found: "asked for twice", expected: "it once"))
      return nil
    }
    guard entry.shape == shape || orShapes.contains(entry.shape) else {
      problems.append(
        .init(
          .shape, file: store.file(of: stored).name, tensor: stored, field: "shape", found: "\(entry.shape)",
          expected: ([shape] + orShapes).map { "\($0)" }.joined(separator: " or ")))
      return nil
    }
    do throws(CheckpointError) {
      try store.file(of: stored).requireFloat(stored)
    } catch {
      problems += error.problems
      return nil
    }
    return stored
  }

  /// The tensor of a name, as float32 of the given shape; the parameters are those of `require`.
  /// - Returns: the tensor, its values in `shape`; zeros if there was a problem, which `finish` will throw.
  /// - Throws: `CheckpointError` with the problems so far, where more than 256 MiB of zeros would be needed.
  public func take(
    _ name: String, shape: [Int], aliases: [String] = [], orShapes: [[Int]] = []
  ) throws(CheckpointError) -> Tensor {
    guard let stored = require(name, shape: shape, aliases: aliases, orShapes: orShapes) else {
      return try unfitting(shape)
    }
    // After a problem the model is lost, and converting its other weights would only take time and memory.
    guard problems.isEmpty else { return standIn(shape) }
    do throws(CheckpointError) {
      let tensor = try store.tensor(named: stored)
      if let reshaped = try? tensor.reshaped(shape) { return reshaped }
      problems.append(
        .init(
          .shape, file: store.name, tensor: stored, field: "shape", found: "\(tensor.shape)", expected: "\(shape)"))
    } catch {
      problems += error.problems
    }
    return standIn(shape)
  }

  /// Ends the loading.
  /// - Parameter ignoring: tensors that may be there and are not used: full names, also of aliases, or beginnings that
  ///   end in a point, as `encoder.` where only a decoder is loaded.
  /// - Throws: `CheckpointError` listing all tensors that are missing, of another shape, of a dtype that is not float,
  ///   or there without being asked for.
  public func finish(ignoring: [String] = []) throws(CheckpointError) {
    let ignored = ignoring.flatMap { name in [name] + aliases.compactMap { $0.other(name) } }
    let whole = Set(ignored.map(ExactString.init))
    let prefixes = ignored.filter { $0.hasSuffix(".") }
    for file in store.files {
      for name in file.names where !taken.contains(ExactString(name)) && !whole.contains(ExactString(name)) {
        if prefixes.contains(where: name.hasPrefix) { continue }
        let shape = file.entry(name)?.shape ?? []
        problems.append(
          .init(
            .unexpected, file: file.name, tensor: name, field: "tensor", found: "\(shape)",
            expected: "a tensor of the model"))
      }
    }
    guard problems.isEmpty else { throw CheckpointError(problems, advice: Self.advice) }
  }

  private static let advice =
    "The weights are not of the model that config.json describes: check that both belong together."

  /// The name under which the store holds a tensor.
  private func stored(_ name: String, _ others: [String] = []) -> String? {
    if store.entry(name) != nil { return name }
    return (others + aliases.compactMap { $0.other(name) }).first { store.entry($0) != nil }
  }

  /// Zeros in the place of a tensor that the files do not hold in this shape. Each counts: what is made of it does.
  private func unfitting(_ shape: [Int]) throws(CheckpointError) -> Tensor {
    let bytes = shape.reduce(MemoryLayout<Float>.stride) {
      $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1
    }
    standInBytes = bytes > Self.standInLimit ? bytes : standInBytes + bytes
    guard standInBytes <= Self.standInLimit else {
      problems.append(
        .init(
          file: store.name, field: "the size of what is missing", found: "over 256 MiB, and the rest was not looked at",
          expected: "the tensors that config.json asks for"))
      throw CheckpointError(problems, advice: Self.advice)
    }
    return standIn(shape)
  }

  /// Zeros, shared by all tensors of a shape.
  private func standIn(_ shape: [Int]) -> Tensor {
    if let known = zeros[shape] { return known }
    let tensor = Tensor(zeros: shape)
    zeros[shape] = tensor
    return tensor
  }
}
