import KernelInterface

/// The sums of ``NormGradientArguments``.
@inline(never)
package func normGradientSums(_ arguments: UnsafePointer<NormGradientArguments>) {
  let job = arguments.pointee
  let bounds = Bounds(job.bounds)
  let rows = NormRows(job.norm, job.channels)
  for vector in job.vectors {
    let channel = vector * Vector.width
    let norm = ChannelNorm(rows, channel)
    var sums = FourSums()
    var products = FourSums()
    var offset = channel
    var pixels = job.pixels
    while pixels >= 4 {
      for place in 0..<4 {
        let input = Vector.load(job.input + offset)
        let gradient = norm.masked(.load(job.gradient + offset), input, bounds)
        sums.add(gradient, place)
        products.accumulate(gradient, input - norm.mean, place)
        offset += job.channels
      }
      pixels -= 4
    }
    while pixels > 0 {
      let input = Vector.load(job.input + offset)
      let gradient = norm.masked(.load(job.gradient + offset), input, bounds)
      sums.add(gradient, 0)
      products.accumulate(gradient, input - norm.mean, 0)
      offset += job.channels
      pixels -= 1
    }
    sums.total.store(job.output + channel)
    products.total.store(job.output + job.channels + channel)
  }
}

/// The gradient of ``NormGradientArguments``: `scale g + constant + slope (x - mean)`.
@inline(never)
package func normGradient(_ arguments: UnsafePointer<NormGradientArguments>) {
  let job = arguments.pointee
  let bounds = Bounds(job.bounds)
  let rows = NormRows(job.norm, job.channels)
  var start = 0
  for _ in 0..<job.pixels {
    for vector in job.vectors {
      let channel = vector * Vector.width
      let norm = ChannelNorm(rows, channel)
      let input = Vector.load(job.input + start + channel)
      let gradient = norm.masked(.load(job.gradient + start + channel), input, bounds)
      var result = Vector.load(rows.constant + channel)
      result.accumulate(input - norm.mean, .load(rows.slope + channel))
      result.accumulate(gradient, norm.scale)
      result.store(job.output + start + channel)
    }
    start += job.channels
  }
}
