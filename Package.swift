// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: strict memory safety (each unsafe expression is marked), explicit
/// imports that do not leak into the interface, and no warnings.
let rules: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "steadyset",
    products: [.executable(name: "steadyset", targets: ["steadyset"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        // Checks the processor before anything else runs; nothing imports it.
        .target(name: "CProcessor"),
        .target(
            name: "Fields", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: rules),
        .target(name: "Sampling", dependencies: ["Fields"], swiftSettings: rules),
        .target(name: "Multigrid", dependencies: ["Fields"], swiftSettings: rules),
        .target(name: "Learning", dependencies: ["Fields"], swiftSettings: rules),
        .target(
            name: "Shards", dependencies: ["Fields", "CHDF5", "CZstd"],
            resources: [.embedInCode("Schemas")], swiftSettings: rules),
        .target(
            name: "Pipeline",
            dependencies: [
                "Fields", "Sampling", "Multigrid", "Shards", "Learning", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: rules),
        .executableTarget(
            name: "steadyset",
            dependencies: [
                "Pipeline", "Fields", "CProcessor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: rules),
        .testTarget(name: "FieldsTests", dependencies: ["Fields"], swiftSettings: rules),
        .testTarget(name: "SamplingTests", dependencies: ["Sampling", "Fields"], swiftSettings: rules),
        .testTarget(name: "MultigridTests", dependencies: ["Multigrid", "Fields"], swiftSettings: rules),
        .testTarget(
            name: "LearningTests", dependencies: ["Learning", "Sampling", "Fields"], exclude: ["Golden"],
            swiftSettings: rules),
        .testTarget(
            name: "ShardsTests", dependencies: ["Shards", "Fields"], exclude: ["Golden"], swiftSettings: rules),
        .testTarget(
            name: "PipelineTests", dependencies: ["Pipeline", "Sampling", "Multigrid", "Shards", "Learning", "Fields"],
            swiftSettings: rules),
    ]
)
