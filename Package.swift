// swift-tools-version: 6.2

import PackageDescription

/// Flags of the float32 kernels: bounds and overflow are checked by their callers, once per plan.
let kernelFlags = ["-Ounchecked", "-wmo"]

#if arch(x86_64)
  /// The same kernels once more for each wider instruction set; the engine picks one when it starts.
  let wideKernels: [Target] = [
    .target(
      name: "EngineKernelsAVX2", dependencies: ["CPUFeatures", "KernelInterface"],
      swiftSettings: [
        .define("KERNELS_AVX2"),
        .unsafeFlags(kernelFlags + ["-Xcc", "-march=x86-64-v3"]),
      ]),
    .target(
      name: "EngineKernelsAVX512", dependencies: ["CPUFeatures", "KernelInterface"],
      swiftSettings: [
        .define("KERNELS_AVX512"),
        .unsafeFlags(kernelFlags + ["-Xcc", "-march=x86-64-v4"]),
      ]),
  ]
#else
  let wideKernels: [Target] = []
#endif

let package = Package(
  name: "assay",
  platforms: [.macOS(.v15)],
  dependencies: [],
  targets: [
    .target(name: "MobileNet"),
    .testTarget(name: "MobileNetTests", dependencies: ["MobileNet"]),
    .target(name: "CPUFeatures"),
    .target(name: "KernelInterface"),
    .target(
      name: "EngineKernels", dependencies: ["CPUFeatures", "KernelInterface"],
      swiftSettings: [.unsafeFlags(kernelFlags)]),
    .target(
      name: "Engine",
      dependencies: ["MobileNet", "CPUFeatures", "KernelInterface", "EngineKernels"]
        + wideKernels.map { .target(name: $0.name) }),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "MobileNet", "AllocationCounter"]),
  ] + wideKernels
)
