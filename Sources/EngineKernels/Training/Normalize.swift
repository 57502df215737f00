import KernelInterface

/// See ``NormalizeArguments``. The mean is subtracted before anything else, so that a mean far from
/// zero costs no digits of the result.
@inline(never)
package func normalize(_ arguments: UnsafePointer<NormalizeArguments>) {
  let job = arguments.pointee
  let bounds = Bounds(job.bounds)
  let rows = NormRows(job.norm, job.channels)
  var input = job.input
  var output = job.output
  for _ in 0..<job.pixels {
    var channel = 0
    while channel < job.channels {
      let norm = ChannelNorm(rows, channel)
      norm.activation(.load(input + channel)).clamped(bounds).store(output + channel)
      channel += Vector.width
    }
    input += job.channels
    output += job.channels
  }
}

/// Where the rows of a ``NormTable`` start.
struct NormRows {
  let mean: UnsafePointer<Float>
  let scale: UnsafePointer<Float>
  let offset: UnsafePointer<Float>
  let constant: UnsafePointer<Float>
  let slope: UnsafePointer<Float>

  @inline(__always)
  init(_ table: UnsafePointer<Float>, _ channels: Int) {
    mean = table + NormTable.mean * channels
    scale = table + NormTable.scale * channels
    offset = table + NormTable.offset * channels
    constant = table + NormTable.constant * channels
    slope = table + NormTable.slope * channels
  }
}

/// The batch norm of one vector of channels.
struct ChannelNorm {
  let mean: Vector
  let scale: Vector
  let offset: Vector

  @inline(__always)
  init(_ rows: NormRows, _ channel: Int) {
    mean = .load(rows.mean + channel)
    scale = .load(rows.scale + channel)
    offset = .load(rows.offset + channel)
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
