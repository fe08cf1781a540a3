import Formatting

/// What was asked of an experiment's results and is not there, with what there is.
public enum ResultsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing was begun in the database.
  case noExperiment(database: String)
  /// No plan is written down in the database.
  case noPlan(database: String)
  /// The plan is not one that this version reads, or not of its runs.
  case unreadablePlan(database: String, reason: String)
  case noRuns(database: String)
  /// The beginning of a run's hash fits none or several of them; a line for each run that there is, or that fits.
  case run(asked: String, fitting: Int, runs: [String])
  /// nil: no record is named, since there is none.
  case record(asked: String?, recorded: [String])
  /// Words were asked of sites that are all self-attention.
  case wordsOfSelfAttention(sites: String)
  case steps(asked: [Int], record: String, recorded: [Int])
  /// A prompt of a run has no tokens in the database.
  case noTokens
  case word(asked: String, record: String, recorded: [String])
  /// The run has no map of the sites; a line for each record and half of guidance that it has some of.
  case maps(run: String, status: String, branch: String, recorded: [String])
  /// Single heads were asked of a record that keeps their mean.
  case headsOfMean(record: String)
  case heads(asked: [Int], count: Int)
  /// A view is of one kind of attention, and the sites are of the other; `all` selects those that fit.
  case kind(sites: String, kind: String, all: String)
  /// A run has no maps of some kinds of attention in the conditional half; an example for each of a record that keeps them.
  case nothingRecorded(run: String, status: String, record: String?, kinds: [String], examples: [String])
  /// There are no results of the experiment whose maps are to be read.
  case noMapsFrom(name: String, database: String)
  /// Runs whose maps are to be read are not done; the first of them, with how far it is.
  case openRuns(name: String, count: Int, total: Int, first: String, status: String)
  /// A record holds another quantity than what is asked of it.
  case quantity(record: String, of: String, asksWords: Bool)
  /// A record's keys are not those of its maps.
  case key(Int, count: Int)

  public var description: String { problems.joined(separator: "\n") }

  /// What is asked for and what there is, a line each; the first says what is wrong.
  public var problems: [String] {
    switch self {
    case .noExperiment(let database):
      ["\(database): the database holds no experiment yet; `attnlab run` begins one"]
    case .noPlan(let database): ["\(database): the database holds no plan yet; `attnlab run` begins one"]
    case .unreadablePlan(let database, let reason):
      [
        "\(database): the plan that is stored cannot be read (\(clipped(reason))): run the experiment file again, which "
          + "writes it anew and computes nothing that is stored"
      ]
    case .noRuns(let database): ["\(database) holds no run yet"]
    case .run("", _, let runs): ["which run? give the beginning of its hash; there are:"] + runs
    case .run(let asked, 0, let runs): ["no run begins with \"\(asked)\"; there are:"] + runs
    case .run(let asked, let fitting, let runs):
      ["\"\(asked)\" is the beginning of \(fitting) runs; give more of it:"] + runs
    case .record(let asked?, let recorded):
      [
        "there is no record \"\(asked)\"; recorded: "
          + (recorded.isEmpty ? "nothing" : recorded.map { "\"\($0)\"" }.joined(separator: ", "))
      ]
    case .record(nil, _): ["this experiment records no maps; give its file a `record` list"]
    case .wordsOfSelfAttention(let sites):
      ["sites \"\(sites)\" are all self-attention, which has no words; select cross:* or leave the words out"]
    case .steps(let asked, let record, let recorded):
      [
        "record \"\(record)\" has no maps of \(asked.count == 1 ? "step" : "steps") \(ranges(asked)); recorded: "
          + ranges(recorded)
      ]
    case .noMapsFrom(let name, let database):
      [
        "maps_from: there are no results of \(quoted(name)) (\(database)): run the file with that `name` first, or name the folder that holds "
          + "them with --results"
      ]
    case .openRuns(let name, let count, let total, let first, let status):
      [
        "maps_from: \(grouped(count)) of the \(grouped(total)) runs that are read are not done in \(quoted(name)), as "
          + "\(quoted(first)) (\(status)): run the file with that `name` first"
      ]
    case .noTokens: ["the database has no tokens of the run's prompt"]
    case .word(let asked, let record, let recorded):
      ["\"\(asked)\" was not recorded by \"\(record)\"; it has: \(recorded.joined(separator: ", "))"]
    case .maps, .headsOfMean, .heads, .kind, .nothingRecorded, .quantity, .key: mapProblems
    }
  }

  private var mapProblems: [String] {
    switch self {
    case .maps(let run, let status, _, []): ["run \(run.prefix(16)) has no recorded maps (\(status))"]
    case .maps(let run, _, let branch, let recorded):
      ["run \(run.prefix(16)) has no map of these sites in the \(branch) half; it has:"] + recorded
    case .headsOfMean(let record):
      ["record \"\(record)\" keeps the mean over heads alone; export the mean, or record with `heads: all`"]
    case .heads([], let count): ["no head is asked for; heads are 0 to \(count - 1)"]
    case .heads(let asked, let count): ["there is no head \(ranges(asked)); heads are 0 to \(count - 1)"]
    case .kind(let sites, let kind, let all):
      ["sites \"\(sites)\" selects no \(kind), which this view is of; select \(all) or a part of it"]
    case .nothingRecorded(let run, let status, let record, let kinds, let examples):
      [
        (record.map { "record \"\($0)\" of run" } ?? "run")
          + " \(run.prefix(16)) has no maps of \(listed(kinds)) in the "
          + "conditional half of guidance (the run is \(status)); an entry of the experiment file's `record` list as this "
          + "one records them:"
      ] + examples.map { "  " + $0 }
    case .quantity(let record, let quantity, let asksWords):
      [
        "record \"\(record)\" holds `of: \(quantity)`, "
          + (asksWords
            ? "which has no words; leave them out, and export it as npy, npz, safetensors, csv or json"
            : "and this is drawn of probabilities; name a record of those, or export it as npy, npz, safetensors, csv or "
              + "json")
      ]
    case .key(let key, let count):
      ["a map of \(count) keys has no key \(key): the record's keys do not fit its maps"]
    default: []
    }
  }
}
