import Attention
import Tensors
import Testing

/// Residual features are selected by path.
@Suite struct ResidualSelectorTests {
  private let residuals = ["down_blocks.0.resnets.0", "up_blocks.1.resnets.0", "up_blocks.1.resnets.1"].map {
    ResidualSite(path: $0, grid: GridSize(height: 4, width: 4), channels: 8)
  }

  @Test func pathsAndPatterns() throws {
    func chosen(_ text: String) throws -> [String] {
      try SiteSelector(text).resolveResiduals(residuals).map(\.path)
    }
    #expect(try chosen("residual:up_blocks.1.resnets.1") == ["up_blocks.1.resnets.1"])
    #expect(try chosen("residual:up_blocks.1.*") == ["up_blocks.1.resnets.0", "up_blocks.1.resnets.1"])
    #expect(try chosen("residual:*").count == 3)
    #expect(
      try chosen("residual:up_blocks.1.resnets.1 + residual:down_blocks.0.*")
        == ["down_blocks.0.resnets.0", "up_blocks.1.resnets.1"])
    #expect(try SiteSelector("residual:*").isOfResiduals && !SiteSelector("self:*").isOfResiduals)
  }

  @Test func whatIsWrongIsSaid() {
    func message(_ text: String, _ body: (SiteSelector) throws -> Void = { _ in }) -> String {
      do {
        try body(SiteSelector(text))
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message("residual:4-14")
        == "sites \"residual:4-14\": residual features are selected by path, as residual:up_blocks.1.resnets.1, or all by "
        + "residual:*")
    #expect(
      message("residual:* + self:4")
        == "sites \"residual:* + self:4\": attentions and residual features are not selected together; write an operation "
        + "for each")
    #expect(
      message("residual:up_blocks.9.x") { _ = try $0.resolveResiduals(residuals) }
        == "sites \"residual:up_blocks.9.x\": it matches no residual block of this model; a near one is up_blocks.1.resnets.0"
    )
    #expect(
      message("residual:*") { _ = try $0.resolve([]) }
        == "sites \"residual:*\": it selects residual features, and attentions are wanted here")
  }
}
