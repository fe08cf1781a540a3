import ArgumentParser

/// What else a picture is made with: a negative prompt, and its size.
struct CanvasOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The negative prompt, for the unconditional half.", valueName: "text"))
  var negative = ""

  @Option(name: .long, help: ArgumentHelp("In pixels, a multiple of 8. (default: the model's)", valueName: "pixels"))
  var height: Int?

  @Option(name: .long, help: ArgumentHelp("In pixels, a multiple of 8. (default: the model's)", valueName: "pixels"))
  var width: Int?
}
