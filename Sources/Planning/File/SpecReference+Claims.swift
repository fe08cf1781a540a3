extension SpecReference {
  package static let claims = SpecReference(
    section: "claims",
    keys: [
      Key(
        "held_out_seeds",
        "a list of seeds of `generate`: only runs of these seeds decide, and the others are for exploring; "
          + "`null` for all", "`null`"),
      Key(
        "confidence", "0.5 to 0.9999: how often all intervals of the file together hold the true values",
        "`\(ClaimsSpec.defaultConfidence)`"),
      Key("gates", "a list of what must hold before any claim is judged", "`[]`"),
      Key("claims", "a list of claims, one or more", "required"),
    ])

  package static let gate = SpecReference(
    section: "gate",
    keys: [
      Key("says", "the gate in words", "required"),
      Key("metric", "a metric of the file; not in a gate on an instrument"),
      Key("of", "an intervention, or `source`; not in a gate on an instrument"),
      Key("at_least", "the mean of `of`, or the instrument's accuracy, is at least this"),
      Key("against", "an intervention, or `source`: the gate is about the difference to it"),
      Key("differs", "`true`: the interval of the difference excludes 0; with `against`"),
      Key("instrument", "an instrument, whose accuracy (0 to 1) was measured beforehand"),
    ])

  package static let claim = SpecReference(
    section: "claim",
    keys: [
      Key("name", "as a name in `record`", "required"),
      Key("statement", "what is claimed, in a sentence", "required"),
      Key("exclusions", "what is left out, in words; the report prints it", "`\"\"`"),
      Key("tests", "a list of tests, one or more; the claim is shown if all are", "required"),
    ])

  package static let test = SpecReference(
    section: "test",
    keys: [
      Key("says", "the test in words", "required"),
      Key("metric", "a metric of the file", "required"),
      Key("of", "an intervention, or `source`", "required"),
      Key(
        "against", "what is subtracted, run by run: an intervention, or `source`; `null` to test the mean itself",
        "`null`"),
      Key("above", "the threshold, -1000000 to 1000000, if the mean is claimed to lie above it"),
      Key("below", "the same if it is claimed to lie below it; a test has one of both"),
      Key(
        "placebo",
        "an intervention: the mean difference of `of` to it must lie beyond 0 as well, on the same side; `null` "
          + "for none", "`null`"),
    ])
}
