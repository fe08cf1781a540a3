extension SceneReading {
  /// Finds the objects in what the network answers, patch by patch.
  ///
  /// Pixels that are covered with a probability above one half are the foreground; those that hang together, also by a
  /// corner, are a region. A region shows the object that its patches name on the whole: the sum of their probabilities,
  /// each weighted by its covered pixels. It shows two where another name leads in a quarter of its patches or more and
  /// stands clearly beside the first (``apart``). Regions of one name are one object where one is small beside the
  /// other, as parts that something hides the link between; regions under ``leastArea`` are none.
  init(_ answers: SceneAnswers, _ words: SceneVocabulary, width: Int, height: Int) {
    let regions = Self.merged(Self.regions(answers).flatMap { Self.split($0, answers) })
      .filter { Double($0.pixels.count) >= Self.leastArea * Double(answers.pixels) }
      .sorted { $0.pixels.count > $1.pixels.count }
    let scale = Scale(answers.extent, width: width, height: height)
    self.width = width
    self.height = height
    background = Self.answer(answers.backgrounds, words.backgrounds)
    style = Self.answer(answers.styles, words.styles)
    objects = regions.map { region in
      let weights = answers.weights(region.pixels)
      // Its name is that of an object: `none` would be no region.
      let names = Self.mean(answers.objects, weights).enumerated().map { $0 == 0 ? 0 : $1 }
      return Object(
        name: Self.answer(names, words.objects), color: Self.answer(Self.mean(answers.colors, weights), words.colors),
        facing: Self.answer(Self.mean(answers.facings, weights), words.facings), box: scale.box(region.pixels),
        area: scale.area(region.pixels.count), center: scale.center(region.pixels))
    }
    var small = [Int8](repeating: -1, count: answers.pixels)
    for (index, region) in regions.prefix(Int(Int8.max)).enumerated() {
      for pixel in region.pixels { small[pixel] = Int8(index) }
    }
    owners = scale.enlarged(small)
  }

  /// Of the picture, that a region must cover to be an object.
  static let leastArea = 0.015
  /// Picture widths between the middles of two objects of one region.
  static let apart = 0.2
  /// Of a region's pixels, from which on another name in it is another object.
  static let leastShare = 0.25
  /// Of a larger region of the same name, up to which a smaller one is a part of it.
  static let partShare = 0.35

  /// Foreground pixels that hang together, `y * extent + x`, and what is named there.
  struct Region {
    var pixels: [Int]
    var object: Int
  }

  private static func regions(_ answers: SceneAnswers) -> [Region] {
    let extent = answers.extent
    var isOpen = (0..<answers.pixels).map { answers.isCovered($0) }
    var regions: [Region] = []
    for start in isOpen.indices where isOpen[start] {
      isOpen[start] = false
      var pixels = [start]
      var next = 0
      while next < pixels.count {
        let (y, x) = pixels[next].quotientAndRemainder(dividingBy: extent)
        for ny in max(0, y - 1)...min(extent - 1, y + 1) {
          for nx in max(0, x - 1)...min(extent - 1, x + 1) where isOpen[ny * extent + nx] {
            isOpen[ny * extent + nx] = false
            pixels.append(ny * extent + nx)
          }
        }
        next += 1
      }
      regions.append(Region(pixels: pixels, object: answers.object(pixels)))
    }
    return regions
  }

  private static func split(_ region: Region, _ answers: SceneAnswers) -> [Region] {
    let leaders = answers.leaders
    let byName = Dictionary(grouping: region.pixels) { leaders[answers.place($0)] }
    let rivals = byName.filter {
      $0.key != region.object && Double($0.value.count) >= leastShare * Double(region.pixels.count)
    }
    guard let rival = rivals.max(by: { ($0.value.count, -$0.key) < ($1.value.count, -$1.key) }) else { return [region] }
    let own = region.pixels.filter { answers.prefers(region.object, to: rival.key, at: $0) }
    let other = region.pixels.filter { !answers.prefers(region.object, to: rival.key, at: $0) }
    guard !own.isEmpty, !other.isEmpty,
      distance(own, other, extent: answers.extent) >= apart * Double(answers.extent)
    else { return [region] }
    return [Region(pixels: own, object: region.object), Region(pixels: other, object: rival.key)]
  }

  /// Between the middles of two sets of pixels, in pixels.
  private static func distance(_ a: [Int], _ b: [Int], extent: Int) -> Double {
    func middle(_ pixels: [Int]) -> (Double, Double) {
      let sums = pixels.reduce((0, 0)) { ($0.0 + $1 % extent, $0.1 + $1 / extent) }
      return (Double(sums.0) / Double(pixels.count), Double(sums.1) / Double(pixels.count))
    }
    let (first, second) = (middle(a), middle(b))
    let (x, y) = (first.0 - second.0, first.1 - second.1)
    return (x * x + y * y).squareRoot()
  }

  private static func merged(_ regions: [Region]) -> [Region] {
    var kept: [Region] = []
    for region in regions.sorted(by: { $0.pixels.count > $1.pixels.count }) {
      let whole = kept.firstIndex {
        $0.object == region.object && Double(region.pixels.count) <= partShare * Double($0.pixels.count)
      }
      if let whole { kept[whole].pixels += region.pixels } else { kept.append(region) }
    }
    return kept
  }

  private static func answer(_ probabilities: [Float], _ words: [String]) -> Answer {
    let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
    return Answer(words[best], confidence: Double(probabilities[best]))
  }

  /// The mean of rows, weighted.
  private static func mean(_ rows: [[Float]], _ weights: [(place: Int, weight: Float)]) -> [Float] {
    var sums = [Float](repeating: 0, count: rows.first?.count ?? 0)
    let total = weights.reduce(0) { $0 + $1.weight }
    for (place, weight) in weights {
      for index in sums.indices { sums[index] += weight / total * rows[place][index] }
    }
    return sums
  }
}

extension SceneAnswers {
  /// Of the picture that the network sees, in pixels.
  var extent: Int { side * patch }
  var pixels: Int { extent * extent }

  /// The patch of a pixel.
  func place(_ pixel: Int) -> Int { pixel / extent / patch * side + pixel % extent / patch }

  func isCovered(_ pixel: Int) -> Bool {
    coverage[place(pixel)][pixel / extent % patch * patch + pixel % extent % patch] > 0.5
  }

  /// How many of the pixels each patch holds.
  func weights(_ pixels: [Int]) -> [(place: Int, weight: Float)] {
    var counts = [Float](repeating: 0, count: side * side)
    for pixel in pixels { counts[place(pixel)] += 1 }
    return counts.indices.filter { counts[$0] > 0 }.map { ($0, counts[$0]) }
  }

  /// What pixels name on the whole; never `none`.
  func object(_ pixels: [Int]) -> Int {
    var sums = [Float](repeating: 0, count: objects.first?.count ?? 1)
    for (place, weight) in weights(pixels) {
      for index in sums.indices.dropFirst() { sums[index] += weight * objects[place][index] }
    }
    return sums.indices.dropFirst().max { sums[$0] < sums[$1] } ?? 0
  }

  /// What each patch names before all others, `none` aside.
  var leaders: [Int] {
    objects.map { row in row.indices.dropFirst().max { row[$0] < row[$1] } ?? 0 }
  }

  func prefers(_ object: Int, to other: Int, at pixel: Int) -> Bool {
    let row = objects[place(pixel)]
    return row[object] >= row[other]
  }
}

/// From the square that the network sees to the picture.
private struct Scale {
  let extent, width, height: Int

  init(_ extent: Int, width: Int, height: Int) {
    self.extent = extent
    self.width = width
    self.height = height
  }

  func box(_ pixels: [Int]) -> SceneReading.Box {
    let columns = pixels.map { $0 % extent }
    let rows = pixels.map { $0 / extent }
    func place(_ value: Int, _ size: Int) -> Int { Int((Double(value * size) / Double(extent)).rounded()) }
    // In a tiny picture too a box holds a pixel.
    let left = min(place(columns.min() ?? 0, width), width - 1)
    let top = min(place(rows.min() ?? 0, height), height - 1)
    return SceneReading.Box(
      left: left, top: top, right: max(left + 1, place((columns.max() ?? 0) + 1, width)),
      bottom: max(top + 1, place((rows.max() ?? 0) + 1, height)))
  }

  func area(_ pixels: Int) -> Int {
    Int((Double(pixels) * Double(width * height) / Double(extent * extent)).rounded())
  }

  func center(_ pixels: [Int]) -> SceneReading.Point {
    let (x, y) = pixels.reduce((0, 0)) { ($0.0 + $1 % extent, $0.1 + $1 / extent) }
    let whole = Double(pixels.count * extent)
    return .init(x: Double(x) / whole + 0.5 / Double(extent), y: Double(y) / whole + 0.5 / Double(extent))
  }

  func enlarged(_ owners: [Int8]) -> [Int8] {
    if width == extent, height == extent { return owners }
    return (0..<height).flatMap { y in
      (0..<width).map { x in owners[y * extent / height * extent + x * extent / width] }
    }
  }
}
