import Checkpoints
import Schedulers

/// What `model_index.json` says that a folder is: the class of its pipeline, and the class of each component.
///
/// diffusers takes these classes whatever the components' own files say.
struct PipelineClass {
  /// Pipelines whose text-to-image part is computed: their components are those of `StableDiffusionPipeline`.
  static let computed = ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"]

  /// Components that are needed, each with its library and the classes that are computed here. Schedulers are looked up by
  /// `SchedulerKind`, since another one can be chosen.
  static let components: [(name: String, library: String, classes: [String])] = [
    ("tokenizer", "transformers", ["CLIPTokenizer", "CLIPTokenizerFast"]),
    ("text_encoder", "transformers", ["CLIPTextModel"]),
    ("unet", "diffusers", ["UNet2DConditionModel"]),
    ("vae", "diffusers", ["AutoencoderKL"]),
    ("scheduler", "diffusers", []),
  ]

  /// What is known of other pipelines, by a part of their name; the first that fits names it.
  private static let kinds: [(part: String, kind: String)] = [
    ("Onnx", "ONNX"), ("Flax", "Flax"), ("StableDiffusion3", "Stable Diffusion 3"), ("XL", "Stable Diffusion XL"),
    ("PAG", "perturbed-attention guidance"), ("SAG", "self-attention guidance"), ("ControlNet", "a ControlNet"),
    ("GLIGEN", "GLIGEN"), ("Inpaint", "inpainting"), ("Pix2Pix", "pix2pix"), ("Depth2Img", "depth to image"),
    ("Upscale", "upscaling"), ("Variation", "image variations"), ("Adapter", "a T2I adapter"),
    ("LatentConsistency", "a latent consistency model"), ("Animate", "video"), ("Video", "video"), ("Flux", "Flux"),
    ("LDM3D", "color and depth"), ("AttendAndExcite", "attend-and-excite"), ("Safe", "safe latent diffusion"),
    ("Panorama", "panoramas"), ("DiffEdit", "DiffEdit"), ("ModelEditing", "model editing"),
    ("AltDiffusion", "AltDiffusion"), ("Kandinsky", "Kandinsky"), ("PixArt", "PixArt"),
  ]

  static let advice =
    "attnlab computes text-to-image as StableDiffusionPipeline does: give a folder of Stable Diffusion 1.x or 2.x. If the parts "
    + "of this one are those of such a model, StableDiffusionPipeline.from_pretrained(\"this folder\").save_pretrained(\"a new "
    + "folder\") saves them as one."

  /// The class of the scheduler; with its library, `library.Class`, if that is not diffusers.
  private(set) var scheduler = ""

  /// Reads `model_index.json`; what is wrong is noted in it.
  init(_ index: inout ConfigFile) {
    readPipeline(&index)
    for component in Self.components { readComponent(component, &index) }
  }

  private func readPipeline(_ index: inout ConfigFile) {
    // Folders that were put together by hand may not have it: their components say enough.
    guard let value = index["_class_name"], value != .string(Self.computed[0]) else { return }
    guard case .string(let name) = value else {
      index.report("_class_name", expected: Self.expected)
      return
    }
    guard !Self.computed.contains(name) else { return }
    let kind = Self.kinds.first { name.contains($0.part) }.map { ", a pipeline for \($0.kind)" }
    index.report("_class_name", found: value.summary + (kind ?? ""), expected: Self.expected)
  }

  private static let expected = computed.map { "\"\($0)\"" }.joined(separator: " or ")

  private mutating func readComponent(
    _ component: (name: String, library: String, classes: [String]), _ index: inout ConfigFile
  ) {
    let names = component.classes.isEmpty ? SchedulerKind.allCases.map(\.className) : component.classes
    let expected = "[\"\(component.library)\", \"\(names[0])\"]"
    guard case .array(let entry) = index[component.name], entry.count == 2, case .string(let library) = entry[0],
      case .string(let name) = entry[1]
    else {
      // [null, null] is how diffusers writes a component that a pipeline does without.
      index.report(component.name, expected: expected)
      return
    }
    if component.classes.isEmpty {
      scheduler = library == component.library ? name : "\(library).\(name)"
    } else if library != component.library || !names.contains(name) {
      index.report(component.name, expected: expected)
    }
  }
}
