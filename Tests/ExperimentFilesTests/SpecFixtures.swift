import Attention
import ExperimentFiles
import StrictYAML

/// The shortest valid experiment, with `lines` added at the end.
func minimal(_ lines: String = "", generate: String = "prompts: [a red car], seeds: [1]") -> String {
  """
  version: 1
  name: small
  model: emoji-scenes
  generate: { \(generate) }

  """ + lines
}

/// The problems of a text, one a line, without the first line that counts them; empty for a valid one.
func problems(_ yaml: String, set overrides: [String] = [], file: String = "e.yaml") -> String {
  do throws(SpecError) {
    _ = try ExperimentSpec(yaml: yaml, file: file, overrides: overrides)
    return ""
  } catch {
    return error.problems.map(\.description).joined(separator: "\n")
  }
}

func decode(_ yaml: String, set overrides: [String] = []) throws(SpecError) -> ExperimentSpec {
  try ExperimentSpec(yaml: yaml, file: "e.yaml", overrides: overrides)
}

// What messages say at length, and the tests only once.
let topKeys =
  "version, name, question, model, generate, maps_from, record, predicted_clean, input_latents, interventions, metrics, "
  + "instruments, tables, figures, methods, layers, knows_against_does, claims, probes, budget"
let generateKeys =
  "pairs, prompts, seeds, num_inference_steps, guidance_scale, scheduler, scheduler_settings, sweep, settings, "
  + "negative_prompt, height, width, precision, batch, stop_after_calls"
let operations = OperationRegistry.all.map(\.name).joined(separator: ", ")
let operationKeys = "op, of, sites, steps, branch, heads, words, renormalize"
let recordKeys = "name, of, sites, heads, steps, tokens, branch, pool, dtype, random_unet"
let nameRule = "1 to 64 letters, digits, spaces and - _ . , + = % ( ), no dot at the start, no space at either end"
let folderRule = "1 to 64 of a-z A-Z 0-9 - _ . and no - or . at the start"
let sizeRule = "write bytes, or a number and a unit as 2 GiB; units: B, kB, KiB, MB, MiB, GB, GiB, TB, TiB"
let stepsRule = "expected all, a list as [0, 10, 20], { from: 0, to: 30, every: 10 } or { fraction: [0, 0.8] }"
let quotesHint = "quotes around a text help where it holds : # or { }"
