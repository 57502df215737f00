#if KERNELS_AVX512
  import CPUFeatures

  // The stem has 24 channels, a vector and half a one. Two rows share a vector for their halves, so
  // that nothing is computed for the padding: three multiply-adds and a blend for two rows instead of
  // four multiply-adds. On a processor that takes two cycles for a multiply-add of 16 lanes that is a
  // quarter less, on the others it is the same.

  /// A row of a vector and half a one.
  struct OneAndHalfColumns: TileColumns {
    typealias RowPair = HalfSharingRows

    var v0: Vector
    /// The half vector, twice.
    var v1: Vector

    /// Vectors in memory, padding included.
    @inline(__always) static var count: Int { 2 }

    @inline(__always)
    init(repeating value: Vector) {
      v0 = value
      v1 = value
    }

    @inline(__always)
    static func load(_ pointer: UnsafePointer<Float>) -> OneAndHalfColumns {
      var columns = OneAndHalfColumns(repeating: .load(pointer))
      columns.v1 = loadHalf(pointer + Vector.width)
      return columns
    }

    /// Half a vector, twice.
    @inline(__always)
    fileprivate static func loadHalf(_ pointer: UnsafePointer<Float>) -> Vector {
      cpu_repeat_half(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self))
    }

    @inline(__always)
    mutating func accumulate(_ a: Vector, _ weights: OneAndHalfColumns) {
      v0.accumulate(a, weights.v0)
      v1.accumulate(a, weights.v1)
    }

    @inline(__always)
    func store(_ pointer: UnsafeMutablePointer<Float>) {
      v0.store(pointer)
      cpu_first_half(v1).store(pointer + Vector.width)
    }

    @inline(__always)
    func finish(_ bias: Self, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>) {
      var result = self
      result.v0 = (v0 + bias.v0).clamped(bounds)
      result.v1 = (v1 + bias.v1).clamped(bounds)
      result.store(output)
    }
  }

  /// Two rows of a vector and half a one.
  struct HalfSharingRows: TileRows {
    typealias Columns = OneAndHalfColumns

    var upper = Vector.zero
    var lower = Vector.zero
    /// The half vector of the upper row, then that of the lower one.
    var halves = Vector.zero

    @inline(__always) static var count: Int { 2 }

    @inline(__always)
    init() {}

    @inline(__always)
    init(_ pointer: UnsafePointer<Float>, _ stride: Int) {
      let below = pointer + stride
      upper = .load(pointer)
      lower = .load(below)
      halves = cpu_blend_halves(
        .load(pointer + Vector.width), OneAndHalfColumns.loadHalf(below + Vector.width))
    }

    @inline(__always)
    mutating func accumulate(_ a: UnsafePointer<Float>, _ stride: Int, _ weights: Columns) {
      let above = Vector.broadcast(a)
      let below = Vector.broadcast(a + stride)
      upper.accumulate(above, weights.v0)
      lower.accumulate(below, weights.v0)
      halves.accumulate(cpu_blend_halves(above, below), weights.v1)
    }

    @inline(__always)
    func store(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int) {
      upper.store(pointer)
      cpu_first_half(halves).store(pointer + Vector.width)
      lower.store(pointer + stride)
      cpu_second_half(halves).store(pointer + stride + Vector.width)
    }

    @inline(__always)
    func finish(
      _ bias: Columns, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
      var result = self
      result.upper = (upper + bias.v0).clamped(bounds)
      result.lower = (lower + bias.v0).clamped(bounds)
      result.halves = (halves + bias.v1).clamped(bounds)
      result.store(output, stride)
    }
  }
#endif
