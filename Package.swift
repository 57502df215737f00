// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "assay",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-numerics.git", from: "1.1.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .target(name: "HDF5", dependencies: ["CHDF5"], exclude: ["README.md"]),
    .target(name: "MobileNet"),
    .target(
      name: "Reference",
      dependencies: ["MobileNet", .product(name: "RealModule", package: "swift-numerics")]),
    .target(name: "Golden", dependencies: ["HDF5", "MobileNet"], exclude: ["README.md"]),
    .target(
      name: "Report",
      dependencies: [
        "Conformance", "Golden", "MobileNet", .product(name: "Mustache", package: "swift-mustache"),
      ]),

    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "GoldenTests", dependencies: ["Golden", "HDF5", "MobileNet", "TestSupport"]),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "TestSupport"]),
    .testTarget(name: "MobileNetTests", dependencies: ["MobileNet"]),
    .testTarget(name: "ReferenceTests", dependencies: ["MobileNet", "Reference"]),
    .testTarget(
      name: "ReportTests", dependencies: ["Conformance", "Golden", "MobileNet", "Report"]),
  ]
)
