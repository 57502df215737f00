import KernelInterface

/// `target += factor * source`.
@inline(never)
package func add(_ arguments: UnsafePointer<RunArguments>) {
  let job = arguments.pointee
  let factor = Vector(repeating: job.factor)
  var index = 0
  while index < job.count {
    var sum = Vector.load(job.target + index)
    sum.accumulate(.load(job.source + index), factor)
    sum.store(job.target + index)
    index += Vector.width
  }
}

/// `Σ source²`: per lane four chains over a block, whose results are added in float64.
@inline(never)
package func sumOfSquares(_ arguments: UnsafePointer<RunArguments>) -> Double {
  let job = arguments.pointee
  let block = 512 * Vector.width
  var total = 0.0
  var start = 0
  while start < job.count {
    let end = min(start + block, job.count)
    var sums = FourSums()
    var index = start
    while end - index >= 4 * Vector.width {
      for place in 0..<4 {
        let value = Vector.load(job.source + index + place * Vector.width)
        sums.accumulate(value, value, place)
      }
      index += 4 * Vector.width
    }
    while index < end {
      let value = Vector.load(job.source + index)
      sums.accumulate(value, value, 0)
      index += Vector.width
    }
    let result = sums.total
    for lane in 0..<Vector.width { total += Double(result[lane]) }
    start = end
  }
  return total
}

/// See ``DescentArguments``.
@inline(never)
package func descend(_ arguments: UnsafePointer<DescentArguments>) {
  let job = arguments.pointee
  let momentum = Vector(repeating: job.momentum)
  let rate = Vector(repeating: -job.rate)
  var index = 0
  while index < job.count {
    var velocity = Vector.load(job.gradient + index)
    velocity.accumulate(.load(job.velocity + index), momentum)
    velocity.store(job.velocity + index)
    var weights = Vector.load(job.weights + index)
    weights.accumulate(velocity, rate)
    weights.store(job.weights + index)
    index += Vector.width
  }
}
