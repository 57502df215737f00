import Foundation
import Testing
import TestSupport

/// The doors between the rooms: which module may import which of ours. The sources are read as they
/// are, so a rule cannot be broken by a dependency that some other target happens to have.
@Suite struct ImportRulesTests {
  /// What every module may import of this package.
  private static let doors: [String: Set<String>] = [
    "HDF5": ["CHDF5"],
    "MobileNet": [],
    "Reference": ["MobileNet"],
    "CPUFeatures": [],
    "KernelInterface": [],
    "EngineKernels": ["CPUFeatures", "KernelInterface"],
    "EngineKernelsAVX2": ["CPUFeatures", "KernelInterface"],
    "EngineKernelsAVX512": ["CPUFeatures", "KernelInterface"],
    "Engine": [
      "MobileNet", "CPUFeatures", "KernelInterface", "EngineKernels", "EngineKernelsAVX2",
      "EngineKernelsAVX512",
    ],
    "Golden": ["HDF5", "MobileNet"],
    "Conformance": ["MobileNet", "Reference", "Golden"],
    "Report": ["Conformance", "Golden", "MobileNet"],
    "HubModule": ["MobileNet", "Golden", "Reference"],
    "Assay": ["MobileNet", "Reference", "Golden", "Conformance", "Report", "HubModule"],
    "AssayEngine": ["Engine", "Golden", "HubModule", "MobileNet"],
    "PictureDecoders": [],
    "Pictures": ["MobileNet", "PictureDecoders"],
    "AssayCommand": [
      "HDF5", "MobileNet", "Reference", "Golden", "Conformance", "Report", "HubModule",
      "AssayEngine",
      "Engine", "Pictures",
    ],
  ]

  /// Modules of this package, by the folders of `Sources`.
  private static let modules: [String] = {
    let folder = Repository.path("Sources")
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }()

  @Test func `every module has a rule`() {
    #expect(!Self.modules.isEmpty)
    let libraries: Set<String> = ["CHDF5", "CJPEG", "CPNG"]
    #expect(Set(Self.modules).subtracting(libraries) == Set(Self.doors.keys))
  }

  @Test(arguments: doors.keys.sorted())
  func `imports keep to the doors`(module: String) throws {
    let allowed = try #require(Self.doors[module])
    for (file, imported) in try imports(of: module) where Self.modules.contains(imported) {
      #expect(allowed.contains(imported), "\(module)/\(file) imports \(imported)")
    }
  }

  @Test func `the judge never sees the engine`() throws {
    for module in ["Reference", "Conformance", "Report", "HubModule", "Golden"] {
      let reached = try reachable(from: module)
      #expect(!reached.contains { $0.hasPrefix("Engine") }, "\(module) reaches \(reached)")
    }
  }

  @Test func `a forbidden import would be seen`() {
    let source =
      "import Foundation\n@preconcurrency import Engine\n  package import struct HDF5.File\n"
    #expect(Self.importedModules(in: source) == ["Foundation", "Engine", "HDF5"])
  }

  /// The product that other packages depend on stays free of unsafe flags: SwiftPM takes those of a
  /// dependency only since tools version 6.2, and nobody needs the kernels to judge an engine of one's own.
  @Test func `the product Assay reaches no target with unsafe flags`() throws {
    let reached = try reachable(from: "Assay")
    #expect(
      reached.isDisjoint(with: ["EngineKernels", "EngineKernelsAVX2", "EngineKernelsAVX512"]))
    #expect(reached.contains("Conformance"))
  }

  /// Nor does it need the libraries for pictures, which are the program's.
  @Test func `the product Assay reaches no picture`() throws {
    let reached = try reachable(from: "Assay")
    #expect(reached.isDisjoint(with: ["Pictures", "PictureDecoders", "CJPEG", "CPNG"]))
    #expect(try reachable(from: "AssayCommand").contains("Pictures"))
  }

  private func reachable(from module: String) throws -> Set<String> {
    var seen: Set<String> = []
    var open = [module]
    while let next = open.popLast() {
      for (_, imported) in try imports(of: next)
      where Self.modules.contains(imported) && seen.insert(imported).inserted {
        open.append(imported)
      }
    }
    return seen
  }

  private func imports(of module: String) throws -> [(file: String, module: String)] {
    let root = URL(filePath: Repository.path("Sources/\(module)")).resolvingSymlinksInPath()
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    var result: [(file: String, module: String)] = []
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      let source = try String(contentsOf: file, encoding: .utf8)
      result += Self.importedModules(in: source).map { (file.lastPathComponent, $0) }
    }
    return result
  }

  private static func importedModules(in source: String) -> [String] {
    let pattern =
      #/^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
    return source.split(separator: "\n").compactMap { line in
      line.firstMatch(of: pattern).map { String($0.1) }
    }
  }
}
