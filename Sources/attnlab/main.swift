import Experimenting
import Foundation
import Pipelines
import AttentionTracing
final class P: RunProgress { func note(_ l: String) { print(l) }; func advanced(done: Int, total: Int, work: String) { if done % 210 == 0 || done == total { print(done, total, work, Date()) } }; func finished() {} }
do {
  let f = CommandLine.arguments[1]
  let spec = try ExperimentSpec.load(path: f, overrides: Array(CommandLine.arguments.dropFirst(3)), checkingSites: { _ = try SiteSelector($0) })
  let folder = try ModelSource.folder(named: spec.model, from: URL(filePath: f).deletingLastPathComponent())
  let model = try StableDiffusion(folder: folder)
  let plan = try ExperimentPlan(spec, model: model, modelHash: try ModelSource.hash(folder))
  print(plan.groups.count, plan.runCount, plan.mapCount, plan.mapBytes, plan.diskBytes, plan.remarks)
  print(try ExperimentRunner(plan: plan, results: ResultsFolder(URL(filePath: CommandLine.arguments[2]).appending(path: spec.name)), progress: P()).run())
} catch { print(error); exit(1) }
