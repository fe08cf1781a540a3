import Attention
import TestSupport
import Testing

/// The sites of Stable Diffusion 1.x for latents of a size, as the paper numbers them.
func stableDiffusionSites(_ latentHeight: Int, _ latentWidth: Int, heads: Int = 4) -> [AttentionSite] {
  var blocks: [(path: String, level: Int)] = []
  for stage in 0..<3 {
    for block in 0..<2 { blocks.append(("down_blocks.\(stage).attentions.\(block)", stage)) }
  }
  blocks.append(("mid_block.attentions.0", 3))
  for stage in 1..<4 {
    for block in 0..<3 { blocks.append(("up_blocks.\(stage).attentions.\(block)", 3 - stage)) }
  }
  func shrunk(_ extent: Int, _ level: Int) -> Int { (0..<level).reduce(extent) { size, _ in (size + 1) / 2 } }
  return blocks.enumerated().flatMap { block, place in
    [AttentionKind.selfAttention, .cross].enumerated().map { kind, value in
      AttentionSite(
        index: 2 * block + kind, path: "\(place.path).transformer_blocks.0.attn\(kind + 1)", kind: value,
        layer: block + 1, height: shrunk(latentHeight, place.level), width: shrunk(latentWidth, place.level),
        heads: heads, latentHeight: latentHeight, latentWidth: latentWidth)
    }
  }
}

@Suite struct SiteSelectorTests {
  private func layers(_ text: String, _ height: Int = 16, _ width: Int = 16) throws -> [String] {
    try SiteSelector(text).resolve(stableDiffusionSites(height, width)).map(\.shortName)
  }

  private func both(_ kind: String, _ layers: ClosedRange<Int>) -> [String] { layers.map { "\(kind) \($0)" } }

  @Test func layerNumbers() throws {
    #expect(try layers("self:4-14") == both("self", 4...14))
    #expect(try layers("cross:*") == both("cross", 1...16))
    #expect(try layers("cross:2,3,5") == ["cross 2", "cross 3", "cross 5"])
    #expect(try layers("self: 1-2, 16") == ["self 1", "self 2", "self 16"])
    #expect(try layers("*:7") == ["self 7", "cross 7"])
    #expect(try layers("self:7 + cross:1-2") == ["cross 1", "cross 2", "self 7"])
  }

  @Test func places() throws {
    #expect(try layers("self:down") == both("self", 1...6))
    #expect(try layers("cross:mid") == ["cross 7"])
    #expect(try layers("cross:up") == both("cross", 8...16))
  }

  /// FPE's "at most 32x32 keys" of 64x64 latents is layers 3-13, whatever the size of the latents.
  @Test func gridsRelativeToTheLatents() throws {
    for size in [16, 17, 24, 63, 64, 96] {
      #expect(try layers("self:grid<=1/2", size, size) == both("self", 3...13), "\(size)")
      #expect(try layers("self:grid<=1/4", size, size) == both("self", 5...10), "\(size)")
      #expect(
        try layers("self:grid=1", size, size) == ["self 1", "self 2", "self 14", "self 15", "self 16"], "\(size)")
      #expect(try layers("self:grid<1/4", size, size) == ["self 7"], "\(size)")
    }
    #expect(try layers("self:grid<=1/2", 64, 32) == both("self", 3...13))
    #expect(try layers("self:res<=16", 64, 64) == both("self", 5...10))
    #expect(try layers("self:res<=16", 16, 16) == both("self", 1...16))
    #expect(try layers("self:res>=32", 64, 64).count == 10)
  }

  @Test func paths() throws {
    #expect(try layers("up_blocks.1.*.attn1") == both("self", 8...10))
    #expect(try layers("self:up_blocks.1.*") == both("self", 8...10))
    #expect(try layers("down_blocks.0.attentions.1.transformer_blocks.0.attn2") == ["cross 2"])
    #expect(try layers("*.attn2") == both("cross", 1...16))
  }

  @Test(arguments: [
    ("self:17", "sites \"self:17\": there is no layer 17; this model has layers 1-16"),
    ("cross:0-3", "sites \"cross:0-3\": there is no layer 0; this model has layers 1-16"),
    ("self:9-4", "sites \"self:9-4\": \"9-4\" is not a layer or a range of layers, as 7 or 4-14"),
    ("self:4-", "sites \"self:4-\": \"4-\" is not a layer or a range of layers, as 7 or 4-14"),
    ("self:1,,2", "sites \"self:1,,2\": \"\" is not a layer or a range of layers, as 7 or 4-14"),
    ("slef:4", "sites \"slef:4\": \"slef\" is not a kind of attention; allowed: self, cross, *, and residual"),
    ("self:res<=x", "sites \"self:res<=x\": \"x\" is not a number of cells, as 16"),
    ("self:grid<=1/0", "sites \"self:grid<=1/0\": \"1/0\" is not a fraction, as 1/2"),
    // Times the side of a grid it would overflow.
    (
      "self:grid<=9223372036854775807/3",
      "sites \"self:grid<=9223372036854775807/3\": \"9223372036854775807/3\" is not a fraction, as 1/2"
    ),
    (
      "self:res<=1",
      "sites \"self:res<=1\": it matches no attention of this model; its grids have sides of 2, 4, 8, 16 cells"
    ),
    (
      "up_blocks.9.*",
      "sites \"up_blocks.9.*\": it matches no attention of this model; a near one is "
        + "up_blocks.1.attentions.0.transformer_blocks.0.attn1"
    ),
    (
      "",
      "sites: a selector is empty; allowed: self:, cross: or *: followed by *, layers (4-14 or 2,3,5), down, mid, up, "
        + "grid<=1/2, res<=16 or a path pattern"
    ),
    (
      "self:left",
      "sites \"self:left\": \"left\" is not understood; allowed: self:, cross: or *: followed by *, layers (4-14 or "
        + "2,3,5), down, mid, up, grid<=1/2, res<=16 or a path pattern"
    ),
  ])
  func messages(_ text: String, _ message: String) {
    #expect { _ = try layers(text) } throws: { "\($0)" == message }
  }

  /// Random text may be refused, but never traps.
  @Test func noise() {
    var random = SeededGenerator(seed: 11)
    let letters = Array("self:cross*0123456789-,+.<=>/gridresdownmidup ")
    for _ in 0..<20_000 {
      let text = String(
        (0..<Int.random(in: 0...12, using: &random)).map { _ in letters.randomElement(using: &random) ?? " " })
      _ = try? SiteSelector(text).resolve(stableDiffusionSites(16, 16))
    }
  }
}
