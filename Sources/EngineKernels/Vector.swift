#if KERNELS_AVX512
  /// 32 registers of 16 floats.
  typealias Vector = SIMD16<Float>
#elseif KERNELS_AVX2
  /// 16 registers of 8 floats.
  typealias Vector = SIMD8<Float>
#else
  /// 16 registers of 4 floats on x86-64, 32 on Arm.
  typealias Vector = SIMD4<Float>
#endif

extension Vector {
  /// `self + a * b`, rounded once where the instruction set has a fused multiply-add.
  ///
  /// Without one, `addingProduct` would be a library call per lane: there the product is rounded too.
  @inline(__always)
  mutating func accumulate(_ a: Vector, _ b: Vector) {
    #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
      self = addingProduct(a, b)
    #else
      self += a * b
    #endif
  }

  /// Limits every lane to the bounds; what is not a number stays so.
  ///
  /// The order of the operands makes each line one instruction on x86-64. A negative zero would pass
  /// the lower bound, but none arrives: the last addend, the bias, never is one.
  @inline(__always)
  func clamped(_ bounds: Bounds) -> Vector {
    let raised = replacing(with: bounds.lower, where: self .< bounds.lower)
    return raised.replacing(with: bounds.upper, where: raised .> bounds.upper)
  }

  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Vector.self)
  }

  /// Floats per vector.
  @inline(__always)
  static var width: Int { Vector.scalarCount }
}
