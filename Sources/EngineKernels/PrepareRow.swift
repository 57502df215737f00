import KernelInterface

/// See ``PrepareRowArguments``. Doubling is exact, so that this rounds once with or without a fused
/// multiply-add, exactly like TensorFlow's multiplication and subtraction.
@inline(never)
package func prepareRow(_ arguments: UnsafePointer<PrepareRowArguments>) {
  let job = arguments.pointee
  fillWithZeros(job.output, job.before)
  let output = job.output + job.before
  var index = 0
  while job.count - index >= Vector.width {
    let value = Vector.load(job.input + index)
    (value + value - Vector(repeating: 1)).store(output + index)
    index += Vector.width
  }
  while index < job.count {
    let value = job.input[index]
    output[index] = value + value - 1
    index += 1
  }
  fillWithZeros(output + job.count, job.after)
}

@inline(__always)
private func fillWithZeros(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
  var index = 0
  while index < count {
    pointer[index] = 0
    index += 1
  }
}
