import Checkpoints
import Foundation
import Pipelines
import Tensors
import TestSupport
import Testing

/// Text encoder, UNet and VAE against diffusers and transformers, whole tensors, within 5e-5 of the largest value.
@Suite struct ComponentParityTests {
  struct UNetCase: Decodable {
    let name: String
    let timesteps: [Int]
  }

  @Test func textEncoder() throws {
    struct Prompts: Decodable { let prompts: [String] }
    let model = try Bundled.model
    let file = try Fixtures.safetensors("text_encoder")
    let prompts = try Fixtures.json("text_encoder", as: Prompts.self).prompts
    let tokens = prompts.map { model.tokenizer.encode($0).ids }
    #expect(try file.tensor(named: "tokens").values.map { Int($0) } == tokens.flatMap { $0 })
    expectClose(
      try model.textEncoder(tokens), try file.tensor(named: "last_hidden_state"), tolerance: 5e-5, "text encoder")
  }

  @Test func unetSteps() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("unet_step")
    for test in try Fixtures.json("unet_step", as: [UNetCase].self) {
      let latents = try file.tensor(named: "\(test.name).latents").channelsLast()
      let context = try model.unet.context(file.tensor(named: "\(test.name).context"))
      for timestep in test.timesteps {
        let output = try model.unet(latents, timestep: Double(timestep), context: context)
        let expected = try file.tensor(named: "\(test.name).\(timestep)").channelsLast()
        expectClose(output, expected, tolerance: 5e-5, "UNet, \(test.name), timestep \(timestep)")
      }
    }
  }

  @Test func vae() throws {
    let model = try Bundled.model
    let file = try Fixtures.safetensors("vae")
    for name in Set(file.names.compactMap { $0.split(separator: ".").first.map(String.init) }).sorted() {
      let picture = try file.tensor(named: "\(name).picture").channelsLast()
      let (mean, logVariance) = try model.vae.encode(picture)
      expectClose(mean, try file.tensor(named: "\(name).mean").channelsLast(), tolerance: 5e-5, "\(name) mean")
      expectClose(
        logVariance, try file.tensor(named: "\(name).logvar").channelsLast(), tolerance: 5e-5, "\(name) logvar")
      let latents = try file.tensor(named: "\(name).latents").channelsLast()
      expectClose(
        try model.vae.decode(latents), try file.tensor(named: "\(name).decoded").channelsLast(), tolerance: 5e-5,
        "\(name) decoded")
    }
  }
}
