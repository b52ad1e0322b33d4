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

/// A module and what it may import; the list is the house's floors, from the ground up.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil)
    -> Target
{
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: rules)
}

/// The tests of a module, which may look at what lies below it as well.
func tests(of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [])
    -> Target
{
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
        swiftSettings: rules)
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

        module(
            "Documents", [.product(name: "Yams", package: "Yams")],
            resources: [.embedInCode("Schemas")]),
        module("Parallel", []),
        module("Fields", ["Documents", "COpenSSL"]),

        module("Sampling", ["Documents", "Fields", "Parallel", "COpenBLAS"]),
        module("Solving", ["Documents", "Fields"]),
        module(
            "Learning", ["Documents", "Fields", "Parallel"],
            resources: [.embedInCode("Training/codes.json")]),
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
            swiftSettings: rules),

        tests(of: "Documents", ["Fields"]),
        tests(of: "Fields", ["Documents"]),
        tests(of: "Sampling", ["Documents", "Fields"]),
        tests(of: "Solving", ["Documents", "Fields"]),
        tests(of: "Learning", ["Documents", "Fields", "Sampling"], exclude: ["Golden"]),
        tests(of: "Shards", ["Documents", "Fields"], exclude: ["Golden"]),
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
            ], swiftSettings: rules),
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
