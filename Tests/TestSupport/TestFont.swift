/// A TrueType font with a box for each of its signs, each a little higher than the one before.
public struct TestFont {
  let family: String
  let scalars: [Unicode.Scalar]

  public init(family: String, scalars: [Unicode.Scalar]) {
    self.family = family
    self.scalars = scalars
  }

  public var bytes: [UInt8] {
    let glyphs = [[]] + scalars.indices.map { box(height: 200 + 100 * $0) }
    var offsets = [0]
    for glyph in glyphs { offsets.append((offsets.last ?? 0) + glyph.count) }
    let tables: [(tag: String, data: [UInt8])] = [
      ("cmap", characters), ("glyf", glyphs.flatMap { $0 }), ("head", head), ("hhea", horizontal(glyphs.count)),
      ("hmtx", glyphs.flatMap { _ in Self.half(900) + Self.half(100) }), ("loca", offsets.flatMap(Self.word)),
      ("maxp", Self.word(0x10000) + [glyphs.count, 4, 1].flatMap(Self.half) + [UInt8](repeating: 0, count: 22)),
      ("name", names),
    ]
    var directory = Self.word(0x10000) + [tables.count, 128, 3, 0].flatMap(Self.half)
    var body: [UInt8] = []
    for table in tables {
      directory += Array(table.tag.utf8) + Self.word(0) + Self.word(12 + 16 * tables.count + body.count)
      directory += Self.word(table.data.count)
      body += table.data + [UInt8](repeating: 0, count: (4 - table.data.count % 4) % 4)
    }
    return directory + body
  }

  private func box(height: Int) -> [UInt8] {
    [1, 100, 0, 800, height, 3, 0].flatMap(Self.half) + [1, 1, 1, 1] + [100, 700, 0, -700].flatMap(Self.half)
      + [0, 0, height, 0].flatMap(Self.half)
  }

  private var characters: [UInt8] {
    let groups = scalars.enumerated().sorted { $0.element < $1.element }.flatMap { index, scalar in
      [Int(scalar.value), Int(scalar.value), index + 1].flatMap(Self.word)
    }
    return [0, 1, 3, 10].flatMap(Self.half) + Self.word(12) + [12, 0].flatMap(Self.half)
      + [16 + groups.count, 0, scalars.count].flatMap(Self.word) + groups
  }

  private var head: [UInt8] {
    [0x10000, 0, 0, 0x5F0F_3CF5].flatMap(Self.word) + [0, 1000].flatMap(Self.half)
      + [UInt8](repeating: 0, count: 16) + [0, 0, 1000, 1000, 0, 8, 2, 1, 0].flatMap(Self.half)
  }

  private func horizontal(_ count: Int) -> [UInt8] {
    Self.word(0x10000) + [800, -200, 0, 900, 0, 0, 900, 1, 0, 0, 0, 0, 0, 0, 0, count].flatMap(Self.half)
  }

  private var names: [UInt8] {
    let text = family.utf16.flatMap { Self.half(Int($0)) }
    return [0, 1, 18, 3, 1, 0x409, 1, text.count, 0].flatMap(Self.half) + text
  }

  private static func half(_ value: Int) -> [UInt8] {
    let bits = UInt16(truncatingIfNeeded: value)
    return [UInt8(bits >> 8), UInt8(bits & 0xFF)]
  }

  private static func word(_ value: Int) -> [UInt8] { half(value >> 16) + half(value) }
}
