import KernelInterface

/// See ``TransposeArguments``.
@inline(never)
package func transpose(_ arguments: UnsafePointer<TransposeArguments>) {
  let job = arguments.pointee
  let panel = FullColumns.count * Vector.width
  let last = (job.columns + Vector.width - 1) / Vector.width * Vector.width
  var row = job.vectors.lowerBound * Vector.width
  let end = job.vectors.upperBound * Vector.width
  while row < end {
    let width = min(panel, end - row)
    let count = min(width, job.rows - row)
    var output = job.output + row * job.columns
    var column = 0
    while column < job.columns {
      let pitch = min(panel, last - column)
      let columns = min(pitch, job.columns - column)
      let source = job.weights + column * job.rows + row * pitch
      transpose(source, pitch, count, columns, output, width)
      output += columns * width
      column += columns
    }
    row += width
  }
}

/// One block: `count` rows that are `pitch` floats apart become columns of rows `width` floats apart.
@inline(__always)
private func transpose(
  _ source: UnsafePointer<Float>, _ pitch: Int, _ count: Int, _ columns: Int,
  _ target: UnsafeMutablePointer<Float>, _ width: Int
) {
  for column in 0..<columns {
    let output = target + column * width
    var input = source + column
    var row = 0
    while row < count {
      output[row] = input.pointee
      input += pitch
      row += 1
    }
  }
}
