// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: strict memory safety (each unsafe expression is
/// marked), explicit imports that do not leak into the interface, and no warnings.
let rules: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// On Linux the program carries Swift's runtime, as loading it from elsewhere takes longer than what
/// most commands do. The libraries are those that Foundation's archives need; a linker that is not
/// `lld` warns of a function in them.
let ownRuntime = LinkerSetting.unsafeFlags(
    [
        "-static-stdlib", "-use-ld=lld", "-lCoreFoundation", "-l_FoundationICU",
        "-l_FoundationCShims", "-l_FoundationCollections", "-lswiftSynchronization",
    ], .when(platforms: [.linux]))

/// A module and what it may import; the list is the house's floors, from the ground up.
func module(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: rules)
}

/// What tests do is seldom much: without optimisation, most are compiled in half of the time.
let unoptimised = rules + [SwiftSetting.unsafeFlags(["-Onone"])]

/// The tests of a module, which may look at what lies below it as well; those that compute much
/// themselves are optimised.
func tests(
    of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    optimised: Bool = false
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
        swiftSettings: optimised ? rules : unoptimised)
}

let package = Package(
    name: "steadyset",
    products: [.executable(name: "steadyset", targets: ["steadyset"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // Has one core while libraries begin.
        .target(name: "CLaunch"),
        // Checks the processor before anything else runs.
        .target(name: "CProcessor"),
        // Says the commit of the program where scripts/build links it in.
        .target(name: "CCommit"),
        // Schemas and other files that are part of the program.
        .target(name: "CEmbedded"),

        module("Documents", ["CEmbedded", .product(name: "Yams", package: "Yams")]),
        module("Parallel", []),
        module("Fields", ["Documents", "COpenSSL"]),

        module("Sampling", ["Documents", "Fields", "Parallel", "COpenBLAS"]),
        module("Solving", ["Documents", "Fields"]),
        module("Learning", ["Documents", "Fields", "Parallel"], exclude: ["Training/codes.json"]),
        module("Shards", ["Documents", "Fields", "CHDF5", "CZstd"]),

        module(
            "Datasets",
            ["Documents", "Fields", "Learning", "Parallel", "Sampling", "Shards", "Solving"]),

        module(
            "Pipeline",
            [
                "Datasets", "Documents", "Fields", "Learning", "Parallel", "Sampling", "Shards",
                "Solving",
            ]),
        module(
            "Verification",
            [
                "Datasets", "Documents", "Fields", "Learning", "Parallel", "Sampling", "Shards",
                "Solving",
            ]),
        module("Exports", ["Datasets", "Documents", "Fields", "Parallel", "Sampling", "Shards"]),
        module(
            "Benchmarks",
            [
                "Datasets", "Documents", "Fields", "Learning", "Parallel", "Pipeline", "Sampling",
                "Shards", "Solving",
            ]),

        module(
            "Engine",
            [
                "Datasets", "Documents", "Fields", "Learning", "Pipeline", "Sampling", "Shards",
                "Solving",
            ]),

        module(
            "Diagnosis",
            ["Datasets", "Documents", "Fields", "Parallel", "Shards", "CProcessor"]),

        .executableTarget(
            name: "steadyset",
            dependencies: [
                "Benchmarks", "Datasets", "Diagnosis", "Documents", "Engine", "Exports", "Fields",
                "Learning", "Parallel", "Pipeline", "Sampling", "Shards", "Solving",
                "Verification", "CCommit", "CLaunch", "CProcessor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: rules, linkerSettings: [ownRuntime]),

        tests(of: "Documents", ["Fields"], optimised: true),
        tests(of: "Fields", ["Documents"]),
        tests(of: "Sampling", ["Documents", "Fields"]),
        tests(of: "Solving", ["Documents", "Fields"], optimised: true),
        tests(
            of: "Learning", ["Documents", "Fields", "Sampling"], exclude: ["Golden"],
            optimised: true),
        tests(of: "Shards", ["Documents", "Fields"], exclude: ["Golden"], optimised: true),
        tests(
            of: "Datasets",
            [
                "Documents", "Fields", "Learning", "Pipeline", "Sampling", "Shards", "Solving",
            ]),
        tests(of: "Diagnosis", ["Parallel"]),
        tests(of: "Engine", ["Documents", "Fields", "Shards"]),
        // Those that read data from outside, whatever module they are of.
        .testTarget(
            name: "ParserTests",
            dependencies: [
                "Datasets", "Documents", "Fields", "Learning", "Pipeline", "Sampling", "Shards",
            ], swiftSettings: unoptimised),
        tests(
            of: "Verification", ["Datasets", "Documents", "Fields", "Pipeline", "Shards"]),
        tests(
            of: "Pipeline",
            [
                "Datasets", "Documents", "Exports", "Fields", "Learning", "Parallel", "Sampling",
                "Shards", "Solving",
                "Verification",
            ]),
    ]
)

// The program of scripts/fuzz, which nothing else builds.
if Context.environment["STEADYSET_FUZZING"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "scripts/fuzzing/CFuzzer"),
        .executableTarget(
            name: "Fuzzing",
            dependencies: [
                "CFuzzer", "Datasets", "Documents", "Fields", "Learning", "Pipeline", "Sampling",
                "Shards",
            ], path: "scripts/fuzzing/Fuzzing", swiftSettings: rules),
    ]
}
