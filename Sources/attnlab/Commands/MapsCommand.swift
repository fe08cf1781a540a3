import ArgumentParser

struct MapsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maps",
    abstract: "Look at recorded attention maps: words, statistics, components, points, differences.",
    discussion: """
      Everything comes from an experiment's database; no model is loaded. Maps are those of the conditional half of \
      guidance. Each command shows one run: the first that is done, unless --run, --seed, --prompt or --intervention \
      choose another (`attnlab show NAME` lists them). It writes pictures into the folder \"maps\", or the one that \
      --out names. --csv writes the numbers as a table, and --json prints them.

        daam    cross: heat maps of the prompt's words, as the package daam computes them
        stats   any: entropy, distance, spread and divergence of heads
        pca     self: principal components as colors
        point   self: where one point of the picture looks, at every layer
        film    any: a word, a point or the expected picture over the steps, as an animated PNG
        diff    any: what differs between two runs, with distances

      Experiment files have the same views as figures: word_heatmaps, map_statistics, self_pca, self_attention, \
      map_differences.

      Examples:
        attnlab maps daam first-look --prompt "a blue car"
        attnlab maps stats first-look --run 3f9a --csv stats.csv
        attnlab maps point first-look --point 64,80
        attnlab maps film first-look --word car
        attnlab maps diff first-look --with-intervention "self all"
      """,
    subcommands: [
      MapsDAAMCommand.self, MapsStatsCommand.self, MapsPCACommand.self, MapsPointCommand.self, MapsDiffCommand.self,
      MapsFilmCommand.self,
    ])
}
