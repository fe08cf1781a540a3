import Testing

/// `embedding` changes the encoded prompt of a run, so that it has no sites.
@Suite struct EmbeddingKeysTests {
  @Test func itHasNoKeysOfSites() {
    let text = problems(minimal("interventions: { a: [{ op: embedding, sites: s, steps: all, padding: emtpy }] }"))
    #expect(text.contains(#"unknown key "sites" in interventions.a.0; allowed: op, branch, padding, end, text"#))
    #expect(text.contains(#"unknown key "steps" in interventions.a.0"#))
    #expect(text.contains(#"unknown value "emtpy"; did you mean "empty"? allowed: own, empty"#))
  }
}
