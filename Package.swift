// swift-tools-version: 6.0
import Foundation
import PackageDescription

// The target list is the architecture: a target imports only targets above it.

// oneDNN (Debian: libdnnl-dev) runs the convolutions and matrix products where it is installed; OpenBLAS does
// everywhere else. ATTNLAB_WITHOUT_ONEDNN=1 builds as if it were absent.
let environment = ProcessInfo.processInfo.environment
let headerFolders = ["/usr/include", "/usr/local/include"]
func headerExists(_ name: String) -> Bool {
  headerFolders.contains { FileManager.default.fileExists(atPath: "\($0)/\(name)") }
}
let hasOneDNN = environment["ATTNLAB_WITHOUT_ONEDNN"] == nil && headerExists("dnnl.h")

// FreeType (Debian: libfreetype-dev) draws captions; without it figures carry no text.
let hasFreeType = headerExists("freetype2/ft2build.h")

// C and C++ kernels are optimised in debug builds too: a debug test of a whole picture would otherwise take minutes.
let optimised: [String] = ["-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]

// ATTNLAB_FUZZ is the archive of libFuzzer without its main function; .ci/fuzz sets it. What is built then counts the
// branches it takes.
let libFuzzer = environment["ATTNLAB_FUZZ"]
let strict: [SwiftSetting] = [
  .unsafeFlags(["-warnings-as-errors"] + (libFuzzer == nil ? [] : ["-sanitize=fuzzer"]))
]

// Where Swift loops over values it is optimised, whatever the command line asks for: `make build` asks for no optimisation,
// which is for the packages. The compiler takes the last such option. With the second one, small functions are inlined in
// other modules too.
let optimisedSwift: [SwiftSetting] = [
  .unsafeFlags(["-Xfrontend", "-O", "-Xfrontend", "-enable-default-cmo"], .when(configuration: .release))
]

// Reading weights and drawing figures is most of what a short command does in Swift, and statistics are most of some
// tests; unoptimised they take several times as long.
let optimisedInDebug: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// What reads files, plans and writes pages has few loops over values: those stand in the modules above. Optimising
// it would take a fifth of a first build. Modules wait for the whole of what they import, so a file of its declarations need
// not be made ahead.
let unoptimised: [SwiftSetting] = [
  .unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"], .when(configuration: .release))
]

let package = Package(
  name: "attnlab",
  products: [.executable(name: "attnlab", targets: ["attnlab"])],
  dependencies: [
    // Exact, since warnings are errors here: what a newer release deprecates would break the build.
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
  ],
  targets: [
    // Debian's libraries.
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),  // comes with libpng-dev
    .target(
      name: "CText",
      cSettings: [.unsafeFlags(optimised)]
        + (hasFreeType ? [.define("ATTNLAB_FREETYPE"), .unsafeFlags(headerFolders.map { "-I\($0)/freetype2" })] : []),
      linkerSettings: hasFreeType ? [.linkedLibrary("freetype")] : []),

    // How values read as text: numbers, sizes, quoted names, tables, shell lines.
    .target(name: "Formatting", swiftSettings: strict + unoptimised),

    // Files and folders by their descriptors, without following links: what writes, replaces and removes goes through it.
    // SHA-256 is the name of everything that is stored.
    .target(name: "CSHA256", cSettings: [.unsafeFlags(optimised)]),
    .target(name: "Files", dependencies: ["CSHA256"], swiftSettings: strict + optimisedSwift),

    // The numeric engine: C kernels of our own, and one interface over oneDNN or OpenBLAS.
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(optimised)],
      linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),
    .target(
      name: "CEngine",
      dependencies: ["COpenBLAS", "CKernels"],
      cxxSettings: [.unsafeFlags(optimised + ["-std=c++17"])] + (hasOneDNN ? [.define("ATTNLAB_ONEDNN")] : []),
      linkerSettings: (hasOneDNN ? [.linkedLibrary("dnnl")] : []) + [
        .linkedLibrary("openblas"), .linkedLibrary("stdc++"),
      ]),
    .target(
      name: "Tensors", dependencies: ["CKernels", "CEngine"], swiftSettings: strict + optimisedSwift + optimisedInDebug),

    // Models, and what can be asked of their attention.
    .target(
      name: "Checkpoints", dependencies: ["Files", "Tensors"], swiftSettings: strict + optimisedSwift + optimisedInDebug
    ),
    .target(name: "Attention", dependencies: ["CKernels", "Tensors"], swiftSettings: strict + optimisedSwift),
    .target(
      name: "DiffusionModels", dependencies: ["Attention", "Checkpoints", "Tensors"],
      swiftSettings: strict + optimisedSwift),
    .target(
      name: "VisionModels", dependencies: ["Checkpoints", "DiffusionModels", "Tensors"],
      swiftSettings: strict + optimisedSwift),
    .target(
      name: "Schedulers", dependencies: ["Checkpoints", "Formatting", "Tensors"], swiftSettings: strict + unoptimised),
    .target(
      name: "Pipelines",
      dependencies: ["Attention", "Checkpoints", "DiffusionModels", "Formatting", "Schedulers", "Tensors"],
      resources: [.copy("Models")], swiftSettings: strict + optimisedSwift),

    // Results: stored, measured, drawn.
    .target(
      name: "AttentionStore",
      dependencies: [
        "Attention", "CKernels", "Files", "Formatting", "Tensors", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict + optimisedSwift),
    .target(
      name: "Analysis", dependencies: ["COpenBLAS", "Tensors"],
      swiftSettings: strict + optimisedSwift + optimisedInDebug),
    // What attention maps know: probes, their controls, and what chance would have found.
    .target(
      name: "Probing", dependencies: ["Analysis", "COpenBLAS", "Tensors"],
      swiftSettings: strict + optimisedSwift + optimisedInDebug),
    .target(
      name: "Plotting", dependencies: ["CPNG", "CText", "CZlib", "Files", "Formatting", "Tensors"],
      resources: [.copy("Fonts")], swiftSettings: strict + optimisedSwift + optimisedInDebug),

    // What a picture shows, in numbers.
    .target(
      name: "Measures",
      dependencies: [
        "Analysis", "Checkpoints", "Files", "Formatting", "Pipelines", "Tensors", "VisionModels",
        .product(name: "SwiftCSV", package: "SwiftCSV"),
      ],
      swiftSettings: strict + optimisedSwift),

    // How fast this machine is: kernels, steps, decoding, the recorder.
    .target(
      name: "Benchmarks",
      dependencies: [
        "Attention", "AttentionStore", "Checkpoints", "CKernels", "DiffusionModels", "Formatting", "Pipelines",
        "Probing", "Tensors",
      ], swiftSettings: strict + optimisedSwift),

    // YAML of a stranger's, read strictly: each value with its place, all problems together. Keys have one description each.
    .target(
      name: "StrictYAML", dependencies: ["Formatting", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict + unoptimised),

    // An experiment: what its file asks for, first the pictures, their settings and interventions; the plan that comes of it;
    // what is stored of it.
    .target(
      name: "Generation",
      dependencies: [
        "Analysis", "Attention", "Files", "Formatting", "Measures", "Pipelines", "Schedulers", "StrictYAML", "Tensors",
      ], resources: [.copy("Methods")], swiftSettings: strict + unoptimised),
    .target(
      name: "ExperimentFiles",
      dependencies: [
        "Attention", "Files", "Formatting", "Generation", "Measures", "Probing", "StrictYAML", "Tensors",
      ], swiftSettings: strict + unoptimised),
    .target(
      name: "Planning",
      dependencies: [
        "Attention", "AttentionStore", "ExperimentFiles", "Files", "Formatting", "Generation", "Pipelines",
        "Schedulers", "Tensors",
      ], swiftSettings: strict + unoptimised),
    .target(
      name: "Results",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "ExperimentFiles", "Files", "Formatting", "Generation", "Measures",
        "Planning", "Plotting", "StrictYAML", "Tensors",
      ],
      swiftSettings: strict + unoptimised),

    // What is done with it: made, reported, exported.
    .target(
      name: "Running",
      dependencies: [
        "Attention", "AttentionStore", "Checkpoints", "ExperimentFiles", "Files", "Formatting", "Generation",
        "Measures", "Pipelines", "Planning", "Plotting", "Results", "Schedulers", "Tensors",
      ],
      swiftSettings: strict + unoptimised),
    .target(
      name: "Comparing",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "ExperimentFiles", "Formatting", "Generation", "Measures",
        "Planning", "Plotting", "Results", "Tensors",
      ],
      swiftSettings: strict + unoptimised),
    .target(
      name: "MapProbes",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "Checkpoints", "Comparing", "ExperimentFiles", "Files", "Formatting",
        "Generation", "Planning", "Probing", "Results", "Tensors",
      ], swiftSettings: strict + unoptimised + optimisedInDebug),
    // What probes found, for readers: figures, pages, tables.
    .target(
      name: "ProbePages",
      dependencies: [
        "Analysis", "Comparing", "ExperimentFiles", "Formatting", "MapProbes", "Plotting", "Probing", "Tensors",
      ],
      swiftSettings: strict + unoptimised),
    .target(
      name: "Reporting",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "Comparing", "ExperimentFiles", "Files", "Formatting", "Generation",
        "MapProbes", "Measures", "Plotting", "ProbePages", "Results", "Tensors",
      ],
      swiftSettings: strict + unoptimised),
    .target(
      name: "Exporting",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "Checkpoints", "CZlib", "ExperimentFiles", "Files", "Formatting",
        "Measures", "Plotting", "Results", "Tensors",
      ],
      swiftSettings: strict + optimisedSwift),

    // Whether this machine and this installation can do it.
    .target(
      name: "Diagnosing",
      dependencies: ["Formatting", "Pipelines", "Planning", "Plotting", "Results", "Schedulers", "Tensors"],
      swiftSettings: strict + unoptimised),

    // The command line puts them one after another.
    .executableTarget(
      name: "attnlab",
      dependencies: [
        "Analysis", "Attention", "AttentionStore", "Benchmarks", "Checkpoints", "Comparing", "Diagnosing",
        "DiffusionModels", "ExperimentFiles", "Exporting", "Files", "Formatting", "Generation", "MapProbes",
        "Measures", "Pipelines", "Planning", "Plotting", "ProbePages", "Reporting", "Results", "Running", "Schedulers",
        "StrictYAML", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict + unoptimised),

    // Tests mirror Sources.
    .target(
      name: "TestSupport", dependencies: ["Attention", "Checkpoints", "Tensors"], path: "Tests/TestSupport"),
    // All that a database holds, for comparing two of them.
    .target(name: "StoreTestSupport", dependencies: ["AttentionStore"], path: "Tests/StoreTestSupport"),
    // SQLite's file system with a write that fails.
    .target(
      name: "CFaultVFS", path: "Tests/CFaultVFS", cSettings: [.unsafeFlags(optimised)],
      linkerSettings: [.linkedLibrary("sqlite3")]),
    // The system call fsync, of which one fails.
    .target(name: "CFaultSync", path: "Tests/CFaultSync", cSettings: [.unsafeFlags(optimised)]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["CKernels", "Tensors", "TestSupport"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "Files", "TestSupport"]),
    .testTarget(name: "AttentionTests", dependencies: ["Attention", "CKernels", "TestSupport"]),
    .testTarget(
      name: "DiffusionModelsTests", dependencies: ["DiffusionModels", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "VisionModelsTests", dependencies: ["Pipelines", "Plotting", "TestSupport", "VisionModels"]),
    .testTarget(name: "SchedulersTests", dependencies: ["Schedulers", "TestSupport"]),
    .testTarget(
      name: "PipelinesTests", dependencies: ["Analysis", "Pipelines", "Plotting", "TestSupport"]),
    .testTarget(
      name: "AttentionStoreTests",
      dependencies: [
        "AttentionStore", "CKernels", "Tensors", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "AnalysisTests", dependencies: ["Analysis", "Checkpoints", "Plotting", "TestSupport"],
      exclude: [
        "bootstrap.json", "color_differences.json", "make_bootstrap.py", "make_color_differences.py",
        "make_map_views.py", "make_picture_metrics.py", "make_statistics.py", "map_views.json", "map_views.safetensors",
        "picture_metrics.json", "statistics.json",
      ]),
    .testTarget(
      name: "ProbingTests", dependencies: ["Analysis", "Probing", "Tensors", "TestSupport"],
      exclude: ["make_network.py", "make_probes.py", "network.json", "probes.json", "splitmix.py"]),
    .testTarget(name: "MeasuresTests", dependencies: ["Checkpoints", "Measures", "Plotting", "TestSupport"]),
    .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks"]),
    .testTarget(name: "PlottingTests", dependencies: ["CZlib", "Files", "Plotting", "TestSupport"]),
    .testTarget(name: "FormattingTests", dependencies: ["Formatting"]),
    // Experiment files alone: what reads them is built with sanitizers and counters too, where less to build counts.
    .testTarget(
      name: "ExperimentFilesTests",
      dependencies: ["ExperimentFiles", "Generation", "Schedulers", "StrictYAML", "TestSupport"]),
    // Small experiments and results that several of the tests below need.
    .target(
      name: "ExperimentSupport",
      dependencies: ["Comparing", "ExperimentFiles", "Planning", "Reporting", "Results", "Running", "TestSupport"],
      path: "Tests/ExperimentSupport"),
    .testTarget(name: "PlanningTests", dependencies: ["ExperimentSupport", "Planning", "TestSupport"]),
    .testTarget(name: "ResultsTests", dependencies: ["ExperimentSupport", "Files", "Results", "TestSupport"]),
    .testTarget(
      name: "RunningTests",
      dependencies: ["CFaultSync", "CFaultVFS", "ExperimentSupport", "Running", "StoreTestSupport", "TestSupport"]),
    .testTarget(name: "ComparingTests", dependencies: ["Comparing", "ExperimentSupport", "TestSupport"]),
    .testTarget(
      name: "ProbePagesTests",
      dependencies: ["Comparing", "MapProbes", "Plotting", "ProbePages", "Probing", "Tensors"]),
    .testTarget(
      name: "ReportingTests",
      dependencies: ["ExperimentSupport", "Exporting", "MapProbes", "Probing", "Reporting", "TestSupport"]),
    .testTarget(
      name: "MapProbesTests", dependencies: ["Checkpoints", "ExperimentSupport", "MapProbes", "TestSupport"]),
    .testTarget(name: "DiagnosingTests", dependencies: ["Diagnosing"]),
    .testTarget(name: "ExportingTests", dependencies: ["ExperimentSupport", "Exporting", "TestSupport"]),
    .testTarget(
      name: "attnlabTests",
      dependencies: [
        "attnlab", "CFaultVFS", "StoreTestSupport", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// ATTNLAB_TESTS names test targets, with spaces between. What is left then is those and what they import, so that a check of
// some modules builds no others; .ci/tests sets it.
if let names = environment["ATTNLAB_TESTS"] {
  var open = names.split(separator: " ").map(String.init)
  var kept: Set<String> = []
  while let name = open.popLast() {
    guard kept.insert(name).inserted else { continue }
    guard let target = package.targets.first(where: { $0.name == name }) else {
      fatalError("ATTNLAB_TESTS: there is no target \(name)")
    }
    for dependency in target.dependencies {
      if case .byNameItem(let name, _) = dependency { open.append(name) }
    }
  }
  package.targets.removeAll { !kept.contains($0.name) }
  package.products = []
}

if let libFuzzer {
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .executableTarget(
      name: "attnlab-fuzz",
      dependencies: [
        "AttentionStore", "Attention", "Checkpoints", "CLibFuzzer", "Comparing", "DiffusionModels", "ExperimentFiles",
        "Exporting", "Pipelines", "Planning", "Plotting", "Reporting", "Results", "Running", "Schedulers", "StrictYAML",
        "Tensors",
        "VisionModels",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/Fuzz/Targets", swiftSettings: strict, linkerSettings: [.unsafeFlags([libFuzzer])]),
  ]
}
