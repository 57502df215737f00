import KernelInterface

/// See ``ProbeArguments``: the most multiply-adds that this instruction set does, nothing else in
/// the way. Twelve sums hide the latency of the units of any present processor.
@inline(never)
package func probeMultiplyAdd(_ arguments: UnsafePointer<ProbeArguments>) {
  let job = arguments.pointee
  let a = Vector(repeating: job.input[0])
  let b = ThreeColumns(repeating: Vector(repeating: job.input[1]))
  // Sums that start alike would be one sum to the compiler.
  var first = ThreeColumns.load(job.input)
  var second = ThreeColumns.load(job.input + 3 * Vector.width)
  var third = ThreeColumns.load(job.input + 6 * Vector.width)
  var fourth = ThreeColumns.load(job.input + 9 * Vector.width)
  var count = job.count
  while count > 0 {
    first.accumulate(a, b)
    second.accumulate(a, b)
    third.accumulate(a, b)
    fourth.accumulate(a, b)
    count -= 1
  }
  let one = Vector(repeating: 1)
  first.accumulate(one, second)
  third.accumulate(one, fourth)
  first.store(job.output)
  third.store(job.output + 3 * Vector.width)
}

/// See ``ProbeArguments``: reads memory from start to end, as fast as this instruction set can.
@inline(never)
package func probeRead(_ arguments: UnsafePointer<ProbeArguments>) {
  let job = arguments.pointee
  var first = TwoColumns(repeating: .zero)
  var second = TwoColumns(repeating: .zero)
  let one = Vector(repeating: 1)
  var input = job.input
  var count = job.count / (4 * Vector.width)
  while count > 0 {
    first.accumulate(one, .load(input))
    second.accumulate(one, .load(input + 2 * Vector.width))
    input += 4 * Vector.width
    count -= 1
  }
  first.accumulate(one, second)
  first.store(job.output)
}
