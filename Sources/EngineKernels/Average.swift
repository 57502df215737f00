import KernelInterface

/// See ``AverageArguments``.
@inline(never)
package func average(_ arguments: UnsafePointer<AverageArguments>) {
  let job = arguments.pointee
  let divisor = Vector(repeating: Float(job.pixels))
  var channel = 0
  while channel < job.channels {
    var sum = Vector.zero
    var input = job.input + channel
    var pixels = job.pixels
    while pixels > 0 {
      sum += Vector.load(input)
      input += job.channels
      pixels -= 1
    }
    (sum / divisor).store(job.output + channel)
    channel += Vector.width
  }
}
