import ArgumentParser
import Tensors

/// The arguments with every negative number joined to the option before it, `--seed=-1` for `--seed -1`: the parser would
/// take it for an option of its own and say that the value is missing.
func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
  var joined: [String] = []
  for (index, argument) in arguments.enumerated() {
    if argument == "--" { return joined + arguments[index...] }
    if let option = joined.last, index > 0, option == arguments[index - 1], option.hasPrefix("--"),
      !option.contains("="),
      argument.hasPrefix("-"), Double(argument)?.isFinite == true
    {
      joined[joined.count - 1] = "\(option)=\(argument)"
    } else {
      joined.append(argument)
    }
  }
  return joined
}

/// Reads a seed.
/// - Throws: `ValidationError` that says which numbers seeds are.
func seedOption(_ text: String) throws -> Seed {
  guard let seed = Seed(text) else { throw ValidationError("\"\(text)\" is no seed; a seed is \(Seed.rule)") }
  return seed
}
