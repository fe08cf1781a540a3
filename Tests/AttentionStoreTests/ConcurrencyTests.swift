import Foundation
import GRDB
import TestSupport
import Testing

@testable import AttentionStore

@Suite("Readers, and processes that are killed")
struct ConcurrencyTests {
  @Test(
    "a reader beside the writer sees whole steps, and steps that are stored while it reads do not change what it sees")
  func readerBesideWriter() throws {
    let fixture = try Fixture()
    let reader = try AttentionStore.open(fixture.folder.database, mode: .readOnly)
    #expect(try reader.mapCount() == 0)
    try fixture.commit(step: 0)
    #expect(try reader.mapCount() == 2)
    var seen = 0
    try reader.forEachMap { _ throws in
      seen += 1
      try fixture.commit(step: seen)
      #expect(try reader.mapCount() == 2)
      #expect(try reader.checkpoint(groupHash: "g")?.step == 0)
    }
    #expect(seen == 2)
    #expect(try reader.mapCount() == 6)
    // The log cannot be emptied under a reader, which must not stop the writer or make it wait.
    let start = Date()
    try reader.forEachMap(MapFilter(steps: 0..<1)) { _ in
      try fixture.store.carryOverLog()
    }
    #expect(Date().timeIntervalSince(start) < 2)
    try fixture.store.finishGroup(hash: "g", results: fixture.results)
    #expect(try reader.runs().map(\.status) == [.done, .done])
    try reader.close()
  }

  @Test("threads that share a store take turns")
  func threads() async throws {
    let fixture = try Fixture()
    let store = fixture.store
    let id = fixture.group.runs[0].id
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for number in 0..<50 {
            #expect(throws: Never.self) {
              try store.setMetrics(["m\(task)": Double(number)], run: id)
              _ = try store.metrics(id)
            }
          }
        }
      }
    }
    #expect(try store.metrics(id) == ["m0": 49, "m1": 49, "m2": 49, "m3": 49])
  }

  @Test("other tools read while a writer is at work, and a copy made after a group is whole")
  func otherTools() throws {
    let fixture = try Fixture()
    try fixture.commit(step: 0)
    #expect(try value(fixture.folder.database, "SELECT count(*) FROM attention_map") == "2")
    #expect(
      try value(
        fixture.folder.database, "SELECT group_concat(prompt || '<' || ifnull(source_prompt, '')) FROM run_overview")
        == "\"a red car<,a blue car<a red car\"")
    try fixture.store.finishGroup(hash: "g", results: fixture.results)
    let copy = fixture.folder.url.appendingPathComponent("copy.sqlite")
    try FileManager.default.copyItem(at: fixture.folder.database, to: copy)
    let reader = try AttentionStore.open(copy, mode: .readOnly)
    #expect(try reader.maps() == fixture.store.maps())
  }

  /// Stores steps until it is killed; the contents of a step follow from its number.
  static func writeUntilKilled(_ folder: URL, afterMicroseconds: UInt32) throws {
    let holder = try SharedStore(folder)
    let last = try holder.store.checkpoint(groupHash: "g")?.step ?? -1
    // One step first: a machine that is slow to get here would else be killed before it has done anything.
    try holder.commit(step: last + 1)
    Thread.detachNewThread {
      usleep(afterMicroseconds)
      kill(getpid(), SIGKILL)
    }
    for step in (last + 2)... { try holder.commit(step: step) }
  }

  @Test("killed at any moment: the last stored step is whole, and it goes on from there", arguments: [UInt64(11), 12])
  func killed(seed: UInt64) async throws {
    let folder = try TestFolder()
    var generator = SeededGenerator(seed: seed)
    var last = -1
    for round in 0..<8 {
      let delay = UInt32.random(in: 0...60_000, using: &generator)
      await #expect(processExitsWith: .signal(SIGKILL)) { [url = folder.url as URL, delay = delay as UInt32] in
        try ConcurrencyTests.writeUntilKilled(url, afterMicroseconds: delay)
      }
      let view = try SharedStore(folder.url)
      #expect(try view.store.integrityCheck() == [], "seed \(seed), round \(round)")
      let step = try view.store.checkpoint(groupHash: "g")?.step ?? -1
      #expect(step > last, "seed \(seed), round \(round): a stored step is gone")
      last = step
      #expect(try view.isWhole(upTo: last), "seed \(seed), round \(round), after \(delay) microseconds")
      try view.store.close()
    }
    print("seed \(seed): killed 8 times, \(last + 1) steps stored")
  }

  @Test("killed between two maps of a step: nothing of the step is there")
  func killedWithinStep() async throws {
    let folder = try TestFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [url = folder.url as URL] in
      let view = try SharedStore(url)
      try view.commit(step: 0)
      try view.commit(step: 1) { kill(getpid(), SIGKILL) }
    }
    let reader = try AttentionStore.open(folder.database, mode: .readOnly)
    #expect(try reader.mapCount() == SharedStore.mapsPerStep, "a reader needs no writer to clear up first")
    try reader.close()
    let view = try SharedStore(folder.url)
    #expect(try view.store.checkpoint(groupHash: "g")?.step == 0)
    #expect(try view.isWhole(upTo: 0))
    try view.commit(step: 1)
    #expect(try view.isWhole(upTo: 1))
  }
}

/// A store in a folder that several processes open in turn. A step is 4 MB, more than SQLite's cache of 2 MB, so parts
/// of it are in the log before it is committed.
struct SharedStore {
  static let mapsPerStep = 40
  let store: AttentionStore
  let run: RunID
  let record: RecordID
  let site: SiteID

  init(_ folder: URL) throws {
    store = try AttentionStore.open(folder.appendingPathComponent("first-look.sqlite"), mode: .create)
    try store.beginExperiment(Samples.experiment)
    let prompt = try store.register(prompts: [Samples.prompt("a")])[0]
    site = try store.register(sites: Samples.sites)[1]
    record = try Samples.register(in: store)[0]
    run = try store.beginGroup(hash: "g", runs: [Samples.run("s", prompt: prompt)]).runs[0].id
  }

  private func data(step: Int, head: Int) -> Data {
    var data = Data(repeating: UInt8(truncatingIfNeeded: step), count: 100_000)
    data[99_999] = UInt8(truncatingIfNeeded: head)
    return data
  }

  private func state(_ step: Int) -> Data { Data(repeating: UInt8(truncatingIfNeeded: step), count: 50_000) }

  /// - Parameter inTheMiddle: called when half of the maps have been given.
  func commit(step: Int, inTheMiddle: () -> Void = {}) throws {
    try withoutActuallyEscaping(inTheMiddle) { inTheMiddle in
      let maps = (0..<Self.mapsPerStep).lazy.map { head in
        if head == Self.mapsPerStep / 2 { inTheMiddle() }
        return MapRow(
          run: run, record: record, site: site, branch: .conditional, head: head, height: 50, width: 100, keys: 5,
          type: .float32, data: data(step: step, head: head))
      }
      try store.commitStep(groupHash: "g", step: step, timestep: 1, state: state(step), maps: maps)
    }
  }

  /// Whether all maps of steps 0 to `last` and the state of `last` are there, whole, and nothing else.
  func isWhole(upTo last: Int) throws -> Bool {
    var next = 0
    var whole = true
    try store.forEachMap { map in
      let (step, head) = next.quotientAndRemainder(dividingBy: Self.mapsPerStep)
      whole = whole && map.step == step && map.head == head && map.data == data(step: step, head: head)
      next += 1
    }
    let checkpoint = try store.checkpoint(groupHash: "g")
    let expected = last < 0 ? nil : GroupCheckpoint(step: last, state: state(last))
    return whole && next == (last + 1) * Self.mapsPerStep && checkpoint == expected
  }
}
