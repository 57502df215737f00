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
  products: [
    .library(name: "Assay", targets: ["Assay"]),
    .library(name: "AssayEngine", targets: ["AssayEngine"]),
    .executable(name: "assay", targets: ["AssayCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics.git", from: "1.1.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .target(name: "HDF5", dependencies: ["CHDF5"], exclude: ["README.md"]),
    .target(name: "MobileNet", exclude: ["README.md"]),
    .target(name: "Golden", dependencies: ["HDF5", "MobileNet"], exclude: ["README.md"]),
    .target(
      name: "Reference",
      dependencies: ["MobileNet", .product(name: "RealModule", package: "swift-numerics")],
      exclude: ["README.md"]),
    .target(
      name: "Conformance",
      dependencies: [
        "Golden", "MobileNet", "Reference", .product(name: "RealModule", package: "swift-numerics"),
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["README.md"]),
    .target(
      name: "Report",
      dependencies: [
        "Conformance", "Golden", "MobileNet", .product(name: "Mustache", package: "swift-mustache"),
      ],
      exclude: ["Schema"]),

    .target(
      name: "HubModule", dependencies: ["Golden", "MobileNet", "Reference"],
      exclude: ["README.md"]),
    .target(
      name: "Assay",
      dependencies: ["Conformance", "Golden", "HubModule", "MobileNet", "Reference", "Report"]),

    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "PictureDecoders", dependencies: ["CJPEG", "CPNG"]),
    .target(
      name: "Pictures", dependencies: ["MobileNet", "PictureDecoders"], exclude: ["README.md"]),

    .target(name: "CPUFeatures"),
    .target(name: "KernelInterface"),
    .target(
      name: "EngineKernels", dependencies: ["CPUFeatures", "KernelInterface"],
      swiftSettings: [.unsafeFlags(kernelFlags)]),
    .target(
      name: "Engine",
      dependencies: ["MobileNet", "CPUFeatures", "KernelInterface", "EngineKernels"]
        + wideKernels.map { .target(name: $0.name) },
      exclude: ["README.md"]),
    .target(
      name: "AssayEngine", dependencies: ["Engine", "Golden", "HubModule", "MobileNet"]),

    .executableTarget(
      name: "FineTune",
      dependencies: [
        "Assay", "AssayEngine", "Pictures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Examples/FineTune", exclude: ["Photos"]),

    .executableTarget(
      name: "AssayCommand",
      dependencies: [
        "AssayEngine", "Conformance", "Engine", "Golden", "HDF5", "HubModule", "MobileNet",
        "Pictures", "Reference", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(
      name: "AssayCommandTests",
      dependencies: ["AssayCommand", "Conformance", "Engine", "Golden", "MobileNet", "TestSupport"]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: ["Conformance", "Golden", "MobileNet", "Reference", "TestSupport"],
      exclude: ["Recordings"]),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "MobileNet", "AllocationCounter"]),
    .testTarget(
      name: "FineTuneTests",
      dependencies: [
        "FineTune", "Golden", "HDF5", "MobileNet", "Pictures", "Reference", "TestSupport",
      ],
      exclude: ["curve.h5"]),
    .testTarget(name: "GoldenTests", dependencies: ["Golden", "HDF5", "MobileNet", "TestSupport"]),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "TestSupport"]),
    .testTarget(
      name: "HubModuleTests",
      dependencies: ["AssayEngine", "Golden", "HubModule", "MobileNet", "Reference"]),
    .testTarget(name: "MobileNetTests", dependencies: ["MobileNet"]),
    .testTarget(
      name: "PicturesTests", dependencies: ["HDF5", "MobileNet", "Pictures", "TestSupport"],
      exclude: ["pictures.h5"]),
    .testTarget(name: "PackageTests", dependencies: ["TestSupport"]),
    .testTarget(
      name: "ReportTests",
      dependencies: ["Conformance", "Golden", "MobileNet", "Report", "TestSupport"]),
    .testTarget(name: "ReferenceTests", dependencies: ["Golden", "MobileNet", "Reference"]),
  ] + wideKernels
)
