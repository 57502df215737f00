// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "assay",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-numerics.git", from: "1.1.1")
  ],
  targets: [
    .target(name: "MobileNet"),
    .target(
      name: "Reference",
      dependencies: ["MobileNet", .product(name: "RealModule", package: "swift-numerics")]),

    .testTarget(name: "MobileNetTests", dependencies: ["MobileNet"]),
    .testTarget(name: "ReferenceTests", dependencies: ["MobileNet", "Reference"]),
  ]
)
