import CPUFeatures

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
  /// Without one it would be a library call per lane: there the product is rounded too.
  @inline(__always)
  mutating func accumulate(_ a: Vector, _ b: Vector) {
    #if KERNELS_AVX512
      self = cpu_multiply_add16(a, b, self)
    #elseif KERNELS_AVX2
      self = cpu_multiply_add8(a, b, self)
    #elseif arch(arm64)
      self = cpu_multiply_add4(a, b, self)
    #else
      self += a * b
    #endif
  }

  /// Limits every lane to the bounds; what is not a number stays so.
  ///
  /// A negative zero would pass the lower bound, but none arrives: the last addend, the bias, never
  /// is one.
  @inline(__always)
  func clamped(_ bounds: Bounds) -> Vector {
    #if KERNELS_AVX512
      cpu_clamp16(self, bounds.lower, bounds.upper)
    #elseif KERNELS_AVX2
      cpu_clamp8(self, bounds.lower, bounds.upper)
    #else
      cpu_clamp4(self, bounds.lower, bounds.upper)
    #endif
  }

  /// A float in all lanes.
  @inline(__always)
  static func broadcast(_ pointer: UnsafePointer<Float>) -> Vector {
    #if KERNELS_AVX512
      cpu_broadcast16(pointer.pointee)
    #elseif KERNELS_AVX2
      cpu_broadcast8(pointer.pointee)
    #else
      cpu_broadcast4(pointer.pointee)
    #endif
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
