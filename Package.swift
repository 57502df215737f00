// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "assay",
  platforms: [.macOS(.v15)],
  dependencies: [],
  targets: [
    .target(name: "MobileNet"),
    .testTarget(name: "MobileNetTests", dependencies: ["MobileNet"]),
  ]
)
