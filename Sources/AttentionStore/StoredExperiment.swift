import Attention
import Foundation

/// What an experiment asks, and of what: the row of `experiment`.
public struct StoredExperiment: Hashable, Sendable {
  public var name: String
  public var question: String
  /// The resolved experiment file, YAML.
  public var spec: String
  public var specHash: String
  /// A bundled name or a folder.
  public var model: String
  public var modelHash: String
  public var toolVersion: String
  /// What computed it, as `oneDNN 2.6` or `OpenBLAS 0.3.21`.
  public var engine: String
  /// When the database was begun, to the second. The first value stays.
  public var createdAt: Date

  public init(
    name: String, question: String, spec: String, specHash: String, model: String, modelHash: String,
    toolVersion: String, engine: String, createdAt: Date = Date()
  ) {
    self.name = name
    self.question = question
    self.spec = spec
    self.specHash = specHash
    self.model = model
    self.modelHash = modelHash
    self.toolVersion = toolVersion
    self.engine = engine
    self.createdAt = createdAt
  }
}

/// What an experiment file comes to: its runs.
public struct PlanDescription: Hashable, Sendable {
  /// Of the hashes of its runs, in their order; unique in a database.
  public var hash: String
  /// The hashes of its runs, in their order.
  public var runs: [String]
  /// Of the model, at the size of the pictures.
  public var sites: [AttentionSite]
  /// All that was planned, as JSON.
  public var json: String

  public init(hash: String, runs: [String], sites: [AttentionSite], json: String = "{}") {
    self.hash = hash
    self.runs = runs
    self.sites = sites
    self.json = json
  }
}

/// The plan that was begun last, as it was written down.
public struct StoredPlan: Hashable, Sendable {
  public let hash: String
  /// All that was planned, as JSON: `PlanDescription.json`.
  public let json: String
}

/// One entry of the experiment file's `record` list.
public struct RecordDescription: Hashable, Sendable {
  /// Unique in a plan. Two plans may have entries of one name with other settings.
  public var name: String
  /// The entry as it stands in the resolved file.
  public var spec: String
  public var quantity: RecordedQuantity

  public init(name: String, spec: String, of quantity: RecordedQuantity = .probabilities) {
    self.name = name
    self.spec = spec
    self.quantity = quantity
  }

  /// What the entry of a record says that keeps a random UNet's attention, before its seed.
  package static let randomUNetMark = ", random_unet "

  /// Whether it keeps the model's own attention, rather than a random UNet's.
  public var isOfModel: Bool { !spec.contains(Self.randomUNetMark) }
}

/// A prompt that is in the database.
public struct StoredPrompt: Identifiable, Hashable, Sendable {
  public let id: PromptID
  public let text: String
}

/// A site that is in the database.
public struct StoredSite: Identifiable, Hashable, Sendable {
  public let id: SiteID
  public let site: AttentionSite
}

/// A record that is in the database.
public struct StoredRecord: Identifiable, Hashable, Sendable {
  public let id: RecordID
  public let record: RecordDescription
}
