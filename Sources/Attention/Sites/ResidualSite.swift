import Tensors

/// The residual feature of one residual block of a UNet: what the block adds to its input, at a given size of the latents.
///
/// It is the output of the block's second convolution, before the shortcut joins it, which Tumanyan et al. 2023
/// (Plug-and-Play) replace.
public struct ResidualSite: Hashable, Sendable {
  /// The diffusers module path, as `up_blocks.1.resnets.1`.
  public let path: String
  public let grid: GridSize
  public let channels: Int

  public init(path: String, grid: GridSize, channels: Int) {
    self.path = path
    self.grid = grid
    self.channels = channels
  }
}
