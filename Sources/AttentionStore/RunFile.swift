/// A file that a run leaves, and where: from the run's hash and the kind of file alone.
///
/// The text of a database is anybody's. It becomes part of a path nowhere but here, and only after it was found to be what
/// it can be: `runs/<first 16 signs of the hash>/<name of the kind>`.
public enum RunFile: Hashable, Sendable {
  case picture
  case latents
  /// What the model expected after a step, from 0.
  case predicted(step: Int)
  /// What the model was given at a step, from 0.
  case inputLatents(step: Int)

  /// The folder that holds a folder for each run, beside the database.
  public static let runs = "runs"

  /// Whether a text can be the hash of a run or of a group: 1 to 64 of `a` to `z` and `0` to `9`.
  public static func isHash(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  /// What `isHash` asks for, in words.
  static let hashRule = "1 to 64 signs of a-z and 0-9"

  /// The folder of a run's files, from the folder of the database.
  /// - Parameter hash: The run's; `isHash` holds for it.
  public static func folder(of hash: String) -> String {
    precondition(isHash(hash), "\(hash.debugDescription) names no run")
    return "\(runs)/\(hash.prefix(16))"
  }

  /// The file of a run, from the folder of the database.
  public func path(of hash: String) -> String { "\(Self.folder(of: hash))/\(name)" }

  /// The kind that a text names; nil for any other text.
  public init?(kind: String) {
    let step = kind.lastIndex(of: "-").flatMap { Int(kind[kind.index(after: $0)...]) }
    let known: [RunFile] =
      [.picture, .latents] + (step.map { [.predicted(step: $0), .inputLatents(step: $0)] } ?? [])
    guard step ?? 0 >= 0, let file = known.first(where: { $0.kind == kind }) else { return nil }
    self = file
  }

  /// As the table of artifacts calls it: `picture`, `latents`, `predicted-007` for the one after step 7, and `latents-007`
  /// for those that the model was given at it.
  public var kind: String {
    switch self {
    case .picture: return "picture"
    case .latents: return "latents"
    case .predicted(let step): return "predicted-" + Self.digits(step)
    case .inputLatents(let step): return "latents-" + Self.digits(step)
    }
  }

  private static func digits(_ step: Int) -> String {
    let digits = "\(step)"
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private var name: String {
    switch self {
    case .picture, .predicted: "\(kind).png"
    case .latents, .inputLatents: "\(kind).safetensors"
    }
  }
}
