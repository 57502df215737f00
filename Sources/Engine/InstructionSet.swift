import CPUFeatures
import EngineKernels
import Foundation
import KernelInterface

#if arch(x86_64)
  import EngineKernelsAVX2
  import EngineKernelsAVX512
#endif

/// Which build of the kernels computes. Results are bitwise repeatable on one of them, not between
/// them: `portable` rounds products on x86-64, the others do not.
package enum InstructionSet: String, CaseIterable, Sendable {
  /// What every processor of this architecture has: SSE2 on x86-64, NEON on Arm.
  case portable
  /// AVX2 and FMA (x86-64-v3).
  case avx2
  /// AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
  case avx512

  /// The environment variable that overrules the choice of ``preferred()``.
  package static let override = "ASSAY_ISA"

  /// Whether this program has kernels for it and this processor and system can run them.
  package var isSupported: Bool {
    switch self {
    case .portable: true
    case .avx2: cpu_has_avx2()
    case .avx512: cpu_has_avx512()
    }
  }

  /// All that can run here, the most basic first.
  package static var supported: [InstructionSet] { allCases.filter(\.isSupported) }

  /// The widest that can run here, which `Scripts/bench/instruction-sets` holds to be the fastest.
  package static var best: InstructionSet { supported.last ?? .portable }

  /// What `ASSAY_ISA` names, or else the best.
  ///
  /// - Throws: ``EngineError/unknownInstructionSet(_:)`` or
  ///   ``EngineError/unsupportedInstructionSet(_:)`` if the variable asks for what is not there.
  package static func preferred(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(EngineError) -> InstructionSet {
    guard let name = environment[override], !name.isEmpty else { return best }
    guard let wanted = InstructionSet(rawValue: name) else {
      throw .unknownInstructionSet(name)
    }
    guard wanted.isSupported else { throw .unsupportedInstructionSet(wanted) }
    return wanted
  }

  /// The kernels built for it. Their code must not run unless ``isSupported``.
  var kernels: KernelTable {
    #if arch(x86_64)
      switch self {
      case .portable: EngineKernels.makeKernelTable()
      case .avx2: EngineKernelsAVX2.makeKernelTable()
      case .avx512: EngineKernelsAVX512.makeKernelTable()
      }
    #else
      EngineKernels.makeKernelTable()
    #endif
  }

  /// The same build's kernels for training.
  var trainingKernels: TrainingKernels {
    #if arch(x86_64)
      switch self {
      case .portable: EngineKernels.makeTrainingKernels()
      case .avx2: EngineKernelsAVX2.makeTrainingKernels()
      case .avx512: EngineKernelsAVX512.makeTrainingKernels()
      }
    #else
      EngineKernels.makeTrainingKernels()
    #endif
  }
}
