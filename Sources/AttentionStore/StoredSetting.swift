/// What a run is made with beside its prompt and seed: a row of `setting`.
public struct SettingDescription: Hashable, Sendable {
  /// What the plan calls it, as `guidance_scale=3`; empty where it has one setting alone. The setting is the same by
  /// another label: the database keeps the one that was registered last.
  public var label: String
  public var numInferenceSteps: Int
  public var guidanceScale: Double
  /// Its name, as `euler`.
  public var scheduler: String
  /// Keys of `scheduler_config.json` that take other values than the model's: a JSON object, its keys in their order;
  /// `{}` for none.
  public var schedulerSettings: String
  /// Of the picture, in pixels.
  public var height: Int
  public var width: Int
  /// nil without guidance, which alone looks at it.
  public var negativePrompt: PromptID?

  public init(
    label: String = "", numInferenceSteps: Int, guidanceScale: Double, scheduler: String,
    schedulerSettings: String = "{}", height: Int, width: Int, negativePrompt: PromptID? = nil
  ) {
    self.label = label
    self.numInferenceSteps = numInferenceSteps
    self.guidanceScale = guidanceScale
    self.scheduler = scheduler
    self.schedulerSettings = schedulerSettings
    self.height = height
    self.width = width
    self.negativePrompt = negativePrompt
  }
}
