import KernelInterface

/// See ``MatrixArguments``. Panels are the outer loop: a panel of weights is read from memory once
/// and stays in the first-level cache while all rows pass by it.
@inline(never)
package func multiply(_ arguments: UnsafePointer<MatrixArguments>) {
  let job = arguments.pointee
  let depth = job.depth * job.segments
  var vector = job.vectors.lowerBound
  while vector < job.vectors.upperBound {
    let width = min(FullColumns.count, job.vectors.upperBound - vector)
    switch width {
    case 3: multiplyPanel(job, depth, vector, ThreeColumns.self)
    case 2: multiplyPanel(job, depth, vector, TwoColumns.self)
    default: multiplyPanel(job, depth, vector, OneColumn.self)
    }
    vector += width
  }
}

/// All rows of one panel: full tiles first, then smaller ones for what is left.
@inline(__always)
private func multiplyPanel<Columns: TileColumns>(
  _ job: MatrixArguments, _ depth: Int, _ vector: Int, _: Columns.Type
) {
  let column = vector * Vector.width
  var panel = job
  panel.weights += column * depth
  panel.bias += column
  panel.output += column
  while panel.rows >= FullRows<Columns>.count {
    multiplyTile(&panel, FullRows<Columns>.self)
  }
  while panel.rows >= FourRows<Columns>.count {
    multiplyTile(&panel, FourRows<Columns>.self)
  }
  if panel.rows >= TwoRows<Columns>.count {
    multiplyTile(&panel, TwoRows<Columns>.self)
  }
  if panel.rows > 0 {
    multiplyTile(&panel, OneRow<Columns>.self)
  }
}

/// The next rows of a panel; takes them off the panel's.
@inline(__always)
private func multiplyTile<Rows: TileRows>(_ panel: inout MatrixArguments, _: Rows.Type) {
  let sums =
    panel.segments == 1
    ? product(panel.a, panel, Rows.self) : segmentedProduct(panel, Rows.self)
  sums.finish(
    .load(panel.bias), Bounds(panel.lower, panel.upper), panel.output, panel.outputStride)
  panel.a += Rows.count * panel.rowStride
  panel.output += Rows.count * panel.outputStride
  panel.rows -= Rows.count
}

/// Dot products over one run of A.
@inline(__always)
private func product<Rows: TileRows>(
  _ a: UnsafePointer<Float>, _ panel: MatrixArguments, _: Rows.Type
) -> Rows {
  var sums = Rows()
  var a = a
  var weights = panel.weights
  var count = panel.depth
  repeat {
    sums.accumulate(a, panel.rowStride, Rows.Columns.load(weights))
    weights += Rows.Columns.count * Vector.width
    a += 1
    count -= 1
  } while count != 0
  return sums
}

/// Dot products over all runs of A, one after the other.
@inline(__always)
private func segmentedProduct<Rows: TileRows>(_ panel: MatrixArguments, _: Rows.Type) -> Rows {
  var sums = Rows()
  var a = panel.a
  var weights = panel.weights
  var count = panel.depth
  var total = panel.depth * panel.segments
  repeat {
    sums.accumulate(a, panel.rowStride, Rows.Columns.load(weights))
    weights += Rows.Columns.count * Vector.width
    a += 1
    count -= 1
    if count == 0 {
      a += panel.segmentStride - panel.depth
      count = panel.depth
    }
    total -= 1
  } while total != 0
  return sums
}
