import KernelInterface

/// See ``NormalizeArguments``. The mean is subtracted before anything else, so that a mean far from
/// zero costs no digits of the result.
@inline(never)
package func normalize(_ arguments: UnsafePointer<NormalizeArguments>) {
  let job = arguments.pointee
  let bounds = Bounds(job.bounds)
  var input = job.input
  var output = job.output
  for _ in 0..<job.pixels {
    var channel = 0
    while channel < job.channels {
      let norm = ChannelNorm(job.norm + channel, job.channels)
      norm.activation(.load(input + channel)).clamped(bounds).store(output + channel)
      channel += Vector.width
    }
    input += job.channels
    output += job.channels
  }
}

/// The batch norm of one vector of channels.
struct ChannelNorm {
  let mean: Vector
  let scale: Vector
  let offset: Vector

  /// - Parameter table: These channels' place in the first row of a ``NormTable``.
  @inline(__always)
  init(_ table: UnsafePointer<Float>, _ channels: Int) {
    mean = .load(table + NormTable.mean * channels)
    scale = .load(table + NormTable.scale * channels)
    offset = .load(table + NormTable.offset * channels)
  }

  /// What the ReLU6 reads: the same bits in the forward and the backward pass.
  @inline(__always)
  func activation(_ input: Vector) -> Vector {
    var result = offset
    result.accumulate(input - mean, scale)
    return result
  }

  /// `gradient` where the ReLU6 passes it, 0 elsewhere, also where its input is no number.
  @inline(__always)
  func masked(_ gradient: Vector, _ input: Vector, _ bounds: Bounds) -> Vector {
    let activation = activation(input)
    return Vector.zero.replacing(
      with: gradient, where: (activation .> bounds.lower) .& (activation .< bounds.upper))
  }
}
