import DiffusionModels
import Foundation
import Pipelines
import Schedulers
import TestSupport
import Testing

/// What `model_index.json` says that a folder is: pipelines, components and schedulers that are computed, and those that are
/// refused by name.
@Suite struct FolderClassTests {
  private static let advice =
    "attnlab computes text-to-image as StableDiffusionPipeline does: give a folder of Stable Diffusion 1.x or 2.x. If the parts "
    + "of this one are those of such a model, StableDiffusionPipeline.from_pretrained(\"this folder\").save_pretrained(\"a new "
    + "folder\") saves them as one."
  private static let computed = "expected \"StableDiffusionPipeline\" or \"StableDiffusionImg2ImgPipeline\""

  /// Pipelines of diffusers that are not computed, and what they are for; nil where that is not known.
  @Test(
    arguments: [
      "StableDiffusionPAGPipeline": "perturbed-attention guidance", "StableDiffusionXLPipeline": "Stable Diffusion XL",
      "StableDiffusionControlNetImg2ImgPipeline": "a ControlNet", "StableDiffusionGLIGENPipeline": "GLIGEN",
      "StableDiffusionInpaintPipeline": "inpainting", "StableDiffusionInstructPix2PixPipeline": "pix2pix",
      "StableDiffusion3Pipeline": "Stable Diffusion 3", "FlaxStableDiffusionPipeline": "Flax",
      "OnnxStableDiffusionPipeline": "ONNX", "MyPipeline": nil,
    ] as [String: String?])
  func pipelinesThatAreNotComputed(name: String, purpose: String?) throws {
    let kind = purpose.map { ", a pipeline for \($0)" } ?? ""
    try expectRefused("_class_name", "\"\(name)\"", "\"\(name)\"\(kind), \(Self.computed)")
  }

  /// A component, and the class that it should have.
  private static let classes = [
    "unet": #"["diffusers", "UNet2DConditionModel"]"#, "text_encoder": #"["transformers", "CLIPTextModel"]"#,
    "tokenizer": #"["transformers", "CLIPTokenizer"]"#, "vae": #"["diffusers", "AutoencoderKL"]"#,
    "scheduler": #"["diffusers", "DDIMScheduler"]"#,
  ]

  @Test(arguments: [
    ("unet", "[null, null]"), ("unet", #"["diffusers", "FlaxUNet2DConditionModel"]"#),
    ("unet", #"["my_unet", "UNet2DConditionModel"]"#), ("text_encoder", #"["transformers", "T5EncoderModel"]"#),
    ("tokenizer", #"["transformers", "T5Tokenizer"]"#), ("vae", #"["diffusers", "AutoencoderTiny"]"#),
    ("vae", #""AutoencoderKL""#), ("scheduler", "[null, null]"),
  ])
  func componentsThatAreNotComputed(name: String, found: String) throws {
    try expectRefused(name, found, "\(found), expected \(try #require(Self.classes[name]))")
  }

  @Test func aPipelineOfOnesOwn() throws {
    let found = #"["my_pipeline", "MyPipeline"]"#
    try expectRefused("_class_name", found, "\(found), \(Self.computed)")
  }

  private func expectRefused(_ key: String, _ value: String, _ message: String) throws {
    try withModel {
      try setIndex(key, value, of: $0)
    } _: { url in
      #expect(loadingMessage(url) == "model_index.json: \(key) is \(message)\n" + Self.advice)
    }
  }

  private func setIndex(_ key: String, _ value: String, of folder: URL) throws {
    let file = folder.appending(path: "model_index.json")
    var index = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    index[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
    try JSONSerialization.data(withJSONObject: index).write(to: file)
  }

  @Test(arguments: ["StableDiffusionImg2ImgPipeline", "StableDiffusionPipeline"])
  func pipelinesThatAreComputed(name: String) throws {
    try withModel {
      try setIndex("_class_name", "\"\(name)\"", of: $0)
    } _: { url in
      let problems = try ModelFolder(url).problems()
      #expect(problems == [])
    }
  }

  /// The index decides, and its remark says where the scheduler's own file differs.
  @Test func schedulersOfTheIndex() throws {
    try withModel {
      try setIndex("scheduler", #"["diffusers", "EulerDiscreteScheduler"]"#, of: $0)
    } _: { url in
      let model = try StableDiffusion(folder: ModelFolder(url))
      #expect(try model.defaultScheduler == .euler)
      #expect(try ModelFolder(url).problems() == [])
      #expect(
        model.folder.schedulerRemark(model.schedulerConfiguration)
          == "model_index.json names EulerDiscreteScheduler, which decides as in diffusers, and "
          + "scheduler/scheduler_config.json names DDIMScheduler; `scheduler: ddim` takes that one")
    }
    let model = try Bundled.model
    #expect(model.folder.schedulerRemark(model.schedulerConfiguration) == nil)
  }

  private static let choice =
    "which attnlab does not compute; it computes ddim (DDIMScheduler), pndm (PNDMScheduler), euler (EulerDiscreteScheduler), "
    + "dpm++ (DPMSolverMultistepScheduler): choose one with `--scheduler ddim`, or in an experiment file with `scheduler: ddim` "
    + "under `generate`"

  /// In the index or in its own file, a scheduler that is not computed is refused; the folder loads, so that another one can be
  /// chosen.
  @Test(arguments: [
    (#"["diffusers", "LCMScheduler"]"#, "DDIMScheduler", "model_index.json: scheduler is \"LCMScheduler\", \(choice)"),
    (#"["diffusers", "LCMScheduler"]"#, "LCMScheduler", "model_index.json: scheduler is \"LCMScheduler\", \(choice)"),
    (
      #"["mine", "DDIMScheduler"]"#, "DDIMScheduler", "model_index.json: scheduler is \"mine.DDIMScheduler\", \(choice)"
    ),
    (
      #"["diffusers", "DDIMScheduler"]"#, "EulerAncestralDiscreteScheduler",
      "scheduler/scheduler_config.json: _class_name is \"EulerAncestralDiscreteScheduler\", \(choice)"
    ),
    (
      #"["diffusers", "FlaxDDIMScheduler"]"#, "EDMEulerScheduler",
      """
      model_index.json: scheduler is "FlaxDDIMScheduler", \(choice)
      scheduler/scheduler_config.json: _class_name is "EDMEulerScheduler", \(choice)
      """
    ),
  ])
  func schedulersThatAreNotComputed(index: String, own: String, message: String) throws {
    try withModel {
      try setIndex("scheduler", index, of: $0)
      let file = $0.appending(path: "scheduler/scheduler_config.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      try text.replacingOccurrences(of: "\"DDIMScheduler\"", with: "\"\(own)\"").write(
        to: file, atomically: true, encoding: .utf8)
    } _: { url in
      #expect(try ModelFolder(url).problems() == [message])
      let model = try StableDiffusion(folder: ModelFolder(url))
      #expect { _ = try model.defaultScheduler } throws: { "\($0)" == message }
    }
  }

  /// What the folder's own scheduler cannot do is a problem of the folder.
  @Test func settingsOfTheScheduler() throws {
    try withModel {
      try replace(
        "\"thresholding\": false", with: "\"thresholding\": true",
        in: $0.appending(path: "scheduler/scheduler_config.json"))
    } _: { url in
      let problems = try ModelFolder(url).problems()
      #expect(problems == ["scheduler/scheduler_config.json: thresholding is true; for ddim only false is supported"])
    }
  }

  /// UNets of Stable Diffusion's other models, by what they take beside the latents.
  @Test(arguments: [
    (9, "9, those of an inpainting model, which takes a mask and a masked picture beside the latents"),
    (8, "8, those of an InstructPix2Pix model, which takes a picture beside the latents"),
    (5, "5, those of a depth-to-image model, which takes a depth map beside the latents"),
    (7, "7, those of an upscaler, which takes a small picture beside the latents"),
  ])
  func inputsBesideTheLatents(channels: Int, kind: String) throws {
    try withModel {
      try replace(
        "\"in_channels\": 4", with: "\"in_channels\": \(channels)", in: $0.appending(path: "unet/config.json"))
    } _: { url in
      // What follows from it, that the weights have another shape, comes after it.
      #expect(
        loadingMessage(url).hasPrefix(
          "unet/config.json: in_channels is \(kind), expected 4, the latent_channels of vae/config.json\n"
            + "attnlab computes text-to-image alone: give the folder of a model without such an input.\n"
            + "unet/diffusion_pytorch_model.safetensors: 1 tensor is of another shape:"))
    }
  }
}
