import Testing

/// The words in which files are refused that ask for pictures of runs without one, or for what an observer does not have.
@Suite struct ObservingKeysTests {
  @Test func runsThatStopHaveNoPictures() {
    let text = problems(
      """
      version: 1
      name: a
      model: m
      generate: { prompts: [a red car], seeds: [1], stop_after_calls: 3 }
      metrics: [picture_right]
      figures: [map_statistics, contact_sheet]
      """)
    #expect(
      text.contains("metrics: picture_right is of pictures, and runs end after generate.stop_after_calls without one"))
    #expect(text.contains("figures: contact_sheet is of pictures"))
    #expect(!text.contains("map_statistics is"))
  }

  @Test func anObserverHasNoPlaceAndNoHeads() {
    let text = problems(minimal("interventions: { a: [{ op: cross_read, sites: s, of: scores, heads: [1] }] }"))
    #expect(
      text.contains(
        #"unknown key "of" in interventions.a.0; did you mean "op"? allowed: op, sites, steps, branch, source_seed, source_seed_added"#
      ))
    #expect(text.contains(#"unknown key "heads" in interventions.a.0"#))
  }

  @Test func randomWordsAreNamed() {
    let text = problems(minimal("interventions: { a: [{ op: random_embedding, seed: 1 }] }"))
    #expect(text.contains("random_embedding needs words to replace; write words: [red], or [2] for a position"))
    let other = problems(minimal("interventions: { a: [{ op: random_embedding, words: [x], sites: s }] }"))
    #expect(other.contains(#"unknown key "sites" in interventions.a.0; allowed: op, words, seed"#))
  }
}
