import KernelInterface

/// See ``MomentsArguments``. The center is the mean of a first pass, as rounding leaves it.
@inline(never)
package func moments(_ arguments: UnsafePointer<MomentsArguments>) {
  let job = arguments.pointee
  let count = Vector(repeating: Float(job.pixels))
  for vector in 0..<job.vectors {
    let input = job.input + vector * Vector.width
    let output = job.output + vector * Vector.width
    let center = sum(input, job) / count
    var deviations = FourSums()
    var squares = FourSums()
    forEachPixel(job, input) { value, place in
      let deviation = value - center
      deviations.add(deviation, place)
      squares.accumulate(deviation, deviation, place)
    }
    center.store(output)
    deviations.total.store(output + job.outputStride)
    squares.total.store(output + 2 * job.outputStride)
  }
}

@inline(__always)
private func sum(_ input: UnsafePointer<Float>, _ job: MomentsArguments) -> Vector {
  var sums = FourSums()
  forEachPixel(job, input) { value, place in sums.add(value, place) }
  return sums.total
}

/// Hands every pixel's vector over, with its place among four neighbours.
@inline(__always)
private func forEachPixel(
  _ job: MomentsArguments, _ start: UnsafePointer<Float>, _ body: (Vector, Int) -> Void
) {
  var input = start
  var pixels = job.pixels
  while pixels >= 4 {
    body(.load(input), 0)
    body(.load(input + job.stride), 1)
    body(.load(input + 2 * job.stride), 2)
    body(.load(input + 3 * job.stride), 3)
    input += 4 * job.stride
    pixels -= 4
  }
  while pixels > 0 {
    body(.load(input), 0)
    input += job.stride
    pixels -= 1
  }
}

/// Four sums of a quarter of the terms each: shorter chains, less rounding and no waiting.
struct FourSums {
  private var s0 = Vector.zero
  private var s1 = Vector.zero
  private var s2 = Vector.zero
  private var s3 = Vector.zero

  @inline(__always)
  init() {}

  @inline(__always)
  var total: Vector { (s0 + s1) + (s2 + s3) }

  /// - Parameter place: 0 to 3, known at compile time.
  @inline(__always)
  mutating func add(_ value: Vector, _ place: Int) {
    switch place {
    case 0: s0 += value
    case 1: s1 += value
    case 2: s2 += value
    default: s3 += value
    }
  }

  @inline(__always)
  mutating func accumulate(_ a: Vector, _ b: Vector, _ place: Int) {
    switch place {
    case 0: s0.accumulate(a, b)
    case 1: s1.accumulate(a, b)
    case 2: s2.accumulate(a, b)
    default: s3.accumulate(a, b)
    }
  }
}
