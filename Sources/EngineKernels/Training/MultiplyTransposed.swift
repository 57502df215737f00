import KernelInterface

/// See ``TransposedArguments``. Some pixels at a time: their part of B, packed panel by panel, stays in
/// a first-level cache while all rows of the output pass by, and their part of A in the second-level
/// one while all panels do.
@inline(never)
package func multiplyTransposed(_ arguments: UnsafePointer<TransposedArguments>) {
  let job = arguments.pointee
  let limit = max(
    min(TransposedPass.depthLimit, TransposedPass.blockFloats / job.aStride), 16)
  let blocks = (job.depth + limit - 1) / limit
  let block = (job.depth + blocks - 1) / blocks
  var pixel = 0
  while pixel < job.depth {
    let depth = min(block, job.depth - pixel)
    var vector = job.vectors.lowerBound
    while vector < job.vectors.upperBound {
      let width = min(FullColumns.count, job.vectors.upperBound - vector)
      switch width {
      case 3: multiplyPanel(job, vector, pixel, depth, ThreeColumns.self)
      case 2: multiplyPanel(job, vector, pixel, depth, TwoColumns.self)
      default: multiplyPanel(job, vector, pixel, depth, OneColumn.self)
      }
      vector += width
    }
    pixel += depth
  }
}

/// Some pixels' contribution to one panel of the output.
@inline(__always)
private func multiplyPanel<Columns: TileColumns>(
  _ job: TransposedArguments, _ vector: Int, _ pixel: Int, _ depth: Int, _: Columns.Type
) {
  let pitch = Columns.count * Vector.width
  let column = vector * Vector.width
  var panel = job.b + pixel * job.bStride + column
  if job.bStride != pitch {
    pack(panel, job.bStride, depth, into: job.scratch, Columns.self)
    panel = UnsafePointer(job.scratch)
  }
  var pass = TransposedPass(
    a: job.a + pixel * job.aStride, aStride: job.aStride, panel: panel, depth: depth,
    output: job.output + column * job.outputRows + job.firstRow * pitch, rows: job.rows,
    isFirst: pixel == 0 && !job.accumulates)
  while pass.rows >= FullRows<Columns>.count {
    multiplyTile(&pass, FullRows<Columns>.self)
  }
  while pass.rows >= FourRows<Columns>.count {
    multiplyTile(&pass, FourRows<Columns>.self)
  }
  if pass.rows >= TwoRows<Columns>.count {
    multiplyTile(&pass, TwoRows<Columns>.self)
  }
  if pass.rows > 0 {
    multiplyTile(&pass, OneRow<Columns>.self)
  }
}

@inline(__always)
private func pack<Columns: TileColumns>(
  _ source: UnsafePointer<Float>, _ stride: Int, _ depth: Int,
  into target: UnsafeMutablePointer<Float>, _: Columns.Type
) {
  var source = source
  var target = target
  for _ in 0..<depth {
    Columns.load(source).store(target)
    source += stride
    target += Columns.count * Vector.width
  }
}

/// Some pixels for all rows of one panel.
struct TransposedPass {
  /// Pixels at most: like the depth of ``multiply``, their panel fills half of a first-level cache.
  static var depthLimit: Int { 192 }
  /// Floats of A at most: 288 KB, which leaves room in a second-level cache.
  static var blockFloats: Int { 73_728 }

  var a: UnsafePointer<Float>
  let aStride: Int
  let panel: UnsafePointer<Float>
  let depth: Int
  var output: UnsafeMutablePointer<Float>
  var rows: Int
  /// Whether sums start at zero, or from what is in the output.
  let isFirst: Bool
}

/// The next rows of a pass; takes them off the pass.
@inline(__always)
private func multiplyTile<Rows: TileRows>(_ pass: inout TransposedPass, _: Rows.Type) {
  let pitch = Rows.Columns.count * Vector.width
  var sums = pass.isFirst ? Rows() : Rows(pass.output, pitch)
  var a = pass.a
  var panel = pass.panel
  var count = pass.depth
  repeat {
    sums.accumulate(a, 1, Rows.Columns.load(panel))
    a += pass.aStride
    panel += pitch
    count -= 1
  } while count != 0
  sums.store(pass.output, pitch)
  pass.a += Rows.count
  pass.output += Rows.count * pitch
  pass.rows -= Rows.count
}
