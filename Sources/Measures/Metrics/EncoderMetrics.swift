import VisionModels

extension Metric {
  static let clipScore = Metric(
    name: "clip_score", title: "CLIP score", digits: 4, range: "-1 to 1",
    direction: "higher: the picture fits its prompt better, to this CLIP; it crowns the edit that ignores the source",
    reference: "Hessel et al. 2021, the cosine without their factor; others publish 100 max(0, cosine)",
    accuracy: .instrument(.clip, ["naming"]),
    measure: .picture { run, instruments in
      let eye = try instruments.clip()
      return CLIP.score(picture: try eye.embedding(run), text: try eye.embedding(run.prompt))
    })

  static let clipDirection = Metric(
    name: "clip_directional_similarity", title: "CLIP directional similarity", digits: 4, range: "-1 to 1",
    direction: "higher: the picture changed as its prompt did; no value for equal pictures or prompts",
    reference: "Gal et al. 2022, eq. 2: the cosine of target less source of the pictures' and the prompts' embeddings",
    accuracy: .instrument(.clip, ["naming"]),
    measure: .edit { pair, instruments in
      let eye = try instruments.clip()
      return CLIP.directionalSimilarity(
        pictures: (from: try eye.embedding(pair.source), to: try eye.embedding(pair.edit)),
        texts: (from: try eye.embedding(pair.source.prompt), to: try eye.embedding(pair.edit.prompt)))
    })

  static let structureDistance = Metric(
    name: "structure_distance", title: "structure distance", digits: 4, range: "0 to 4; 0 for equal structure",
    direction: "higher: places of the picture are alike to other places than in the source, whatever their colors",
    reference:
      "Tumanyan et al. 2022, eq. 2 and 3; the mean over pairs of places. Values of two encoders do not compare: the "
      + "published ones are of DINO ViT-B/8",
    accuracy: .instrument(.structure, []),
    measure: .edit { pair, instruments in
      try instruments.structure().distance(pair.edit.picture(), pair.source.picture())
    })

  static let lpips = Metric(
    name: "lpips", title: "LPIPS", digits: 4, range: "0 or more; 0 for equal pictures",
    direction: "higher: further from the source, to the eye of a network",
    reference: "Zhang et al. 2018, version 0.1; its weights must be given under `instruments`",
    accuracy: .instrument(.lpips, []),
    measure: .edit { pair, instruments in
      try instruments.lpips().distance(pair.edit.picture(), pair.source.picture())
    })
}

/// A CLIP, and the embeddings of texts that it was asked for.
final class ClipEye {
  private let clip: CLIP
  private var texts: [String: [Float]] = [:]

  init(_ clip: CLIP) {
    self.clip = clip
  }

  /// Of length 1.
  func embedding(_ text: String) throws -> [Float] {
    if let known = texts[text] { return known }
    let new = try clip.textEmbeddings([text]).values
    texts[text] = new
    return new
  }

  /// Of length 1.
  func embedding(_ run: MeasuredRun) throws -> [Float] {
    if let known = run.embedding { return known }
    let new = try clip.pictureEmbeddings([run.picture()]).values
    run.embedding = new
    return new
  }

  /// Names in the order of their probability for a picture.
  func naming(_ run: MeasuredRun, among names: [String], template: String) throws -> [CLIP.Naming] {
    try clip.naming([run.picture()], among: names, template: template)[0]
  }
}
