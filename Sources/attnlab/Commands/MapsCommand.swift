import ArgumentParser

struct MapsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maps",
    abstract: "Look at recorded attention maps: words, statistics, components, points, differences.",
    discussion: """
      All of it comes from an experiment's database; no model is loaded. Maps are those of the conditional half of guidance. \
      Each command is of one run, the first that is done unless --run, --seed, --prompt or --intervention choose another \
      (`attnlab show NAME` lists them), and writes pictures into a folder, \"maps\" unless --out names another. --csv writes \
      the numbers as a table, --json prints them.

        daam     heat maps of the prompt's words, by the definition of DAAM          needs cross-attention
        stats    entropy, distance, spread and head divergence, layers by steps      needs any
        pca      principal components of self-attention as colors                    needs self-attention
        point    where one point of the picture looks, at every layer                needs self-attention
        diff     what differs between two runs, with distances                       needs the same of both

      The same are figures of experiment files: word_heatmaps, map_statistics, self_pca, self_attention, map_differences.

      Examples:
        attnlab maps daam first-look --prompt "a blue car"
        attnlab maps stats first-look --run 3f9a --csv stats.csv
        attnlab maps point first-look --point 64,80
        attnlab maps diff first-look --intervention none --with-intervention "self all"
      """,
    subcommands: [
      MapsDAAMCommand.self, MapsStatsCommand.self, MapsPCACommand.self, MapsPointCommand.self, MapsDiffCommand.self,
    ])
}
