import CKernels

/// An elementwise function of an activation layer.
public enum Activation: String, CaseIterable, Sendable {
  /// `x * sigmoid(x)`.
  case silu
  /// `x * Phi(x)`, Phi the normal distribution function, exact.
  case gelu
  /// `x * sigmoid(1.702 x)`.
  case quickGELU = "quick_gelu"
  /// `max(0, x)`.
  case relu

  var code: ck_activation {
    switch self {
    case .silu: CK_SILU
    case .gelu: CK_GELU
    case .quickGELU: CK_QUICK_GELU
    case .relu: CK_RELU
    }
  }
}

/// Scale and offset of a normalisation, one a channel.
public struct NormParameters: Sendable {
  public let weight: Tensor
  public let bias: Tensor

  /// - Throws: `ShapeError` unless both are `[channels]`.
  public init(weight: Tensor, bias: Tensor) throws {
    guard weight.shape.count == 1, weight.shape == bias.shape else {
      throw ShapeError("norm", expected: "weight and bias [channels]", found: "\(weight.shape), \(bias.shape)")
    }
    self.weight = weight
    self.bias = bias
  }
}

extension Tensor {
  /// Group normalisation over the last axis of a feature map, then SiLU if wanted.
  ///
  /// Mean and variance are those of each group of `channels / groups` channels over all cells of a picture.
  /// - Parameters:
  ///   - groups: divides the number of channels.
  ///   - epsilon: added to the variance.
  /// - Returns: the shape of the receiver, `[batch, ..., channels]`.
  /// - Throws: `ShapeError`.
  /// - Source: Wu and He 2018.
  public func groupNormalized(
    groups: Int, epsilon: Float, parameters: NormParameters, silu: Bool = false, instructions: InstructionSet = .best
  ) throws -> Tensor {
    guard shape.count >= 2, let channels = shape.last, parameters.weight.shape == [channels], groups > 0,
      channels % groups == 0
    else {
      throw ShapeError(
        "group norm", expected: "[batch, ..., \(parameters.weight.count)] in \(groups) groups", found: shape)
    }
    let batch = shape[0]
    let pixels = count / max(1, batch * channels)
    var result = Tensor(uninitialized: shape)
    guard count > 0 else { return result }
    var workspace = Tensor(
      uninitialized: [ck_group_norm_workspace(Int32(batch), Int32(pixels), Int32(channels))])
    withPointers(self, parameters.weight, parameters.bias) { x, gamma, beta in
      result.withUnsafeMutableValues { y in
        workspace.withUnsafeMutableValues { space in
          ck_group_norm(
            instructions.code, ck_threads(), Int32(batch), Int32(pixels), Int32(channels), Int32(groups), epsilon,
            silu ? 1 : 0, x, gamma, beta, y.baseAddress, space.baseAddress)
        }
      }
    }
    return result
  }

  /// Layer normalisation over the last axis.
  /// - Returns: the shape of the receiver.
  /// - Throws: `ShapeError`.
  /// - Source: Ba et al. 2016.
  public func layerNormalized(
    epsilon: Float, parameters: NormParameters, instructions: InstructionSet = .best
  ) throws -> Tensor {
    guard let channels = shape.last, parameters.weight.shape == [channels] else {
      throw ShapeError("layer norm", expected: "[..., \(parameters.weight.count)]", found: shape)
    }
    var result = Tensor(uninitialized: shape)
    guard count > 0 else { return result }
    withPointers(self, parameters.weight, parameters.bias) { x, gamma, beta in
      result.withUnsafeMutableValues { y in
        ck_layer_norm(
          instructions.code, ck_threads(), Int32(count / channels), Int32(channels), epsilon, x, gamma, beta,
          y.baseAddress)
      }
    }
    return result
  }

  /// Applies an activation to each value in place.
  public mutating func activate(_ f: Activation, instructions: InstructionSet = .best) {
    withUnsafeMutableValues { values in
      ck_activate(instructions.code, ck_threads(), f.code, values.count, values.baseAddress, values.baseAddress)
    }
  }

  /// `x[..., :n] * gelu(x[..., n:])` for a last axis of 2 n.
  /// - Returns: `[..., n]`.
  /// - Throws: `ShapeError` if the last axis is odd.
  /// - Source: Shazeer 2020, GEGLU, with the halves in the order of diffusers.
  public func geglu(instructions: InstructionSet = .best) throws -> Tensor {
    guard let last = shape.last, last % 2 == 0, last > 0 else {
      throw ShapeError("GEGLU", expected: "[..., 2 n]", found: shape)
    }
    var result = Tensor(uninitialized: Array(shape.dropLast()) + [last / 2])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        ck_geglu(instructions.code, ck_threads(), Int32(count / last), Int32(last / 2), x.baseAddress, y.baseAddress)
      }
    }
    return result
  }

  /// Adds a tensor of the same shape in place.
  /// - Throws: `ShapeError`.
  public mutating func add(_ other: Tensor) throws {
    guard shape == other.shape else { throw ShapeError("add", expected: "\(shape)", found: other.shape) }
    other.withUnsafeValues { x in
      withUnsafeMutableValues { y in ck_add(ck_threads(), y.count, x.baseAddress, y.baseAddress) }
    }
  }

  /// Adds `values[n, c]` to every cell of picture n, in place.
  /// - Parameter values: `[batch, channels]`.
  /// - Throws: `ShapeError`.
  public mutating func addToChannels(_ values: Tensor) throws {
    guard shape.count >= 2, let channels = shape.last, values.shape == [shape[0], channels] else {
      throw ShapeError("add to channels", expected: "[\(shape.first ?? 0), \(shape.last ?? 0)]", found: values.shape)
    }
    let batch = shape[0]
    let pixels = count / max(1, batch * channels)
    values.withUnsafeValues { x in
      withUnsafeMutableValues { y in
        ck_add_channels(ck_threads(), Int32(batch), Int32(pixels), Int32(channels), x.baseAddress, y.baseAddress)
      }
    }
  }

  /// The receiver and another side by side along the last axis.
  /// - Throws: `ShapeError` if the other axes differ.
  public func concatenated(with other: Tensor) throws -> Tensor {
    guard let a = shape.last, let b = other.shape.last, shape.dropLast() == other.shape.dropLast(), a > 0 else {
      throw ShapeError("concatenate", expected: "\(shape.dropLast()) + [channels]", found: other.shape)
    }
    var result = Tensor(uninitialized: Array(shape.dropLast()) + [a + b])
    withPointers(self, other) { x, y in
      result.withUnsafeMutableValues { z in
        ck_concatenate(ck_threads(), Int32(count / a), Int32(a), x, Int32(b), y, z.baseAddress)
      }
    }
    return result
  }

  /// A feature map on a larger grid by nearest neighbour, as `torch.nn.functional.interpolate` with a size does.
  /// - Throws: `ShapeError` unless the receiver is `[batch, height, width, channels]`.
  public func upsampled(height: Int, width: Int) throws -> Tensor {
    guard shape.count == 4, height > 0, width > 0, count > 0 else {
      throw ShapeError("upsample", expected: "[batch, height, width, channels]", found: shape)
    }
    var result = Tensor(uninitialized: [shape[0], height, width, shape[3]])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        ck_upsample_nearest(
          ck_threads(), Int32(shape[0]), Int32(shape[1]), Int32(shape[2]), Int32(shape[3]), Int32(height),
          Int32(width), x.baseAddress, y.baseAddress)
      }
    }
    return result
  }

  /// The largest value of each square of cells, for each channel: `torch.nn.MaxPool2d` without padding.
  /// - Parameters:
  ///   - kernel: the side of a square.
  ///   - stride: from one square to the next; a rest that fills no square is left out.
  /// - Throws: `ShapeError` unless the receiver is `[batch, height, width, channels]` and holds a square.
  public func maxPooled(kernel: Int, stride: Int) throws -> Tensor {
    guard shape.count == 4, kernel > 0, stride > 0, shape[1] >= kernel, shape[2] >= kernel else {
      throw ShapeError(
        "max pooling", expected: "[batch, height, width, channels] of at least \(kernel) x \(kernel)", found: shape)
    }
    let sides = shape[1...2].map { ($0 - kernel) / stride + 1 }
    var result = Tensor(uninitialized: [shape[0]] + sides + [shape[3]])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        ck_max_pool(
          ck_threads(), Int32(shape[0]), Int32(shape[1]), Int32(shape[2]), Int32(shape[3]), Int32(kernel),
          Int32(stride), x.baseAddress, y.baseAddress)
      }
    }
    return result
  }

  /// `[batch, channels, height, width]`, PyTorch's order, to `[batch, height, width, channels]`.
  /// - Throws: `ShapeError` for other than four axes.
  public func channelsLast() throws -> Tensor {
    guard shape.count == 4 else {
      throw ShapeError("channels last", expected: "[batch, channels, height, width]", found: shape)
    }
    return try transposed(rows: shape[1], columns: shape[2] * shape[3])
      .reshaped([shape[0], shape[2], shape[3], shape[1]])
  }

  /// `[batch, height, width, channels]` to `[batch, channels, height, width]`, PyTorch's order.
  /// - Throws: `ShapeError` for other than four axes.
  public func channelsFirst() throws -> Tensor {
    guard shape.count == 4 else {
      throw ShapeError("channels first", expected: "[batch, height, width, channels]", found: shape)
    }
    return try transposed(rows: shape[1] * shape[2], columns: shape[3])
      .reshaped([shape[0], shape[3], shape[1], shape[2]])
  }

  private func transposed(rows: Int, columns: Int) -> Tensor {
    var result = Tensor(uninitialized: [shape[0], columns, rows])
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        ck_transpose(ck_threads(), Int32(shape[0]), Int32(rows), Int32(columns), x.baseAddress, y.baseAddress)
      }
    }
    return result
  }

  /// The elements `range` along the first axis, copied.
  /// - Throws: `ShapeError` if the range leaves the axis.
  public func slice(_ range: Range<Int>) throws -> Tensor {
    guard let first = shape.first, range.lowerBound >= 0, range.upperBound <= first else {
      throw ShapeError("slice \(range)", expected: "a range within the first axis", found: shape)
    }
    let size = count / max(first, 1)
    var result = Tensor(uninitialized: [range.count] + shape.dropFirst())
    withUnsafeValues { x in
      result.withUnsafeMutableValues { y in
        _ = y.update(fromContentsOf: x[(range.lowerBound * size)..<(range.upperBound * size)])
      }
    }
    return result
  }

  /// Tensors one after another along the first axis.
  /// - Throws: `ShapeError` if the other axes differ, or there is none.
  public static func stacked(_ parts: [Tensor]) throws -> Tensor {
    guard let first = parts.first else { throw ShapeError("stack", expected: "at least one tensor", found: "none") }
    if let wrong = parts.first(where: { $0.shape.dropFirst() != first.shape.dropFirst() }) {
      throw ShapeError("stack", expected: "[n] + \(first.shape.dropFirst())", found: wrong.shape)
    }
    var result = Tensor(
      uninitialized: [parts.reduce(0) { $0 + ($1.shape.first ?? 1) }] + first.shape.dropFirst())
    result.withUnsafeMutableValues { y in
      var at = 0
      for part in parts {
        part.withUnsafeValues { x in
          _ = y[at...].update(fromContentsOf: x)
        }
        at += part.count
      }
    }
    return result
  }
}

package func withPointers<R, E: Error>(
  _ a: Tensor, _ b: Tensor, _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) throws(E) -> R
) throws(E) -> R {
  try a.withUnsafeValues { x throws(E) in
    try b.withUnsafeValues { y throws(E) in try body(x.baseAddress, y.baseAddress) }
  }
}

package func withPointers<R, E: Error>(
  _ a: Tensor, _ b: Tensor, _ c: Tensor,
  _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) throws(E) -> R
) throws(E) -> R {
  try withPointers(a, b) { x, y throws(E) in
    try c.withUnsafeValues { z throws(E) in try body(x, y, z.baseAddress) }
  }
}
