import CPUFeatures
import KernelInterface

/// See ``MatrixArguments``. Panels are the outer loop: a panel of weights is read from memory once
/// and stays in a near cache while all rows pass by it.
@inline(never)
package func multiply(_ arguments: UnsafePointer<MatrixArguments>) {
  let job = arguments.pointee
  if job.rows == 1 && job.segments == 1 { return multiplyRow(job) }
  var vector = job.vectors.lowerBound
  while vector < job.vectors.upperBound {
    let width = min(FullColumns.count, job.vectors.upperBound - vector)
    switch (width, job.segments > 1) {
    case (3, false): multiplyPanel(job, vector, ThreeColumns.self)
    case (2, false): multiplyPanel(job, vector, TwoColumns.self)
    case (_, false): multiplyPanel(job, vector, OneColumn.self)
    case (3, true): multiplySegments(job, vector, ThreeColumns.self)
    case (2, true): multiplyTwoVectors(job, vector)
    default: multiplySegments(job, vector, OneColumn.self)
    }
    vector += width
  }
}

/// All rows of a panel of two vectors, of the second only what is no padding.
@inline(__always)
private func multiplyTwoVectors(_ job: MatrixArguments, _ vector: Int) {
  #if KERNELS_AVX512
    if job.columns <= vector * Vector.width + Vector.width * 3 / 2 {
      return multiplySegments(job, vector, OneAndHalfColumns.self)
    }
  #endif
  multiplySegments(job, vector, TwoColumns.self)
}

/// All rows of one panel where a row of A is several runs.
@inline(__always)
private func multiplySegments<Columns: TileColumns>(
  _ job: MatrixArguments, _ vector: Int, _: Columns.Type
) {
  var pass = MatrixPass(job, vector * Vector.width)
  pass.depth = job.depth
  pass.ahead = job.ahead.map { UnsafeRawPointer($0) - UnsafeRawPointer(pass.weights) } ?? 0
  pass.pace = job.aheadPace * MemoryLayout<Float>.stride
  multiplyRows(pass, Columns.self, SegmentPass.self)
}

/// All rows of one panel, some of its depth at a time. What the sums are in between is kept in the
/// output: they go on from there, so that the cut changes no bit.
@inline(__always)
private func multiplyPanel<Columns: TileColumns>(
  _ job: MatrixArguments, _ vector: Int, _: Columns.Type
) {
  let column = vector * Vector.width
  var pass = MatrixPass(job, column)
  let blocks = (job.depth + MatrixPass.depthLimit - 1) / MatrixPass.depthLimit
  let block = (job.depth + blocks - 1) / blocks
  let tiles = (job.rows + FullRows<Columns>.count - 1) / FullRows<Columns>.count
  pass.ahead = block * Columns.count * Vector.width * 4
  pass.pace = (Columns.count * Vector.width * 4 + tiles - 1) / tiles
  var k = 0
  if let ahead = job.ahead {
    // Each panel goes on fetching where the one before it ended.
    let floats = vector / FullColumns.count * job.rows * job.aheadPace
    pass.caller = UnsafeRawPointer(ahead + floats)
    pass.callerPace = job.aheadPace * MemoryLayout<Float>.stride
    pass.depth = block
    pass.rest = job.depth - block
    multiplyRows(pass, Columns.self, FetchingPass.self)
    pass.a += block
    pass.weights += block * Columns.count * Vector.width
    k = block
  }
  while k < job.depth {
    pass.depth = min(block, job.depth - k)
    pass.isFirst = k == 0
    k += pass.depth
    pass.rest = job.depth - k
    multiplyRows(pass, Columns.self, PlainPass.self)
    pass.a += pass.depth
    pass.weights += pass.depth * Columns.count * Vector.width
  }
}

/// A part of the depth for all rows of one panel.
private struct MatrixPass {
  /// Steps of k at most: their weights fill little more than half of a first-level cache of 32 KB.
  /// Those of Intel's processors with AVX-512 have 48 KB.
  static var depthLimit: Int { depthBytes / (4 * FullColumns.count * Vector.width) }
  #if KERNELS_AVX512
    private static var depthBytes: Int { 24 << 10 }
  #else
    private static var depthBytes: Int { 18 << 10 }
  #endif
  /// Floats of a run of A where there are several: three pixels of three channels.
  static var segmentDepth: Int { 9 }

  var a: UnsafePointer<Float>
  let rowStride: Int
  /// Floats of one run of A.
  var depth = 0
  let segments: Int
  let segmentStride: Int
  var weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>
  let bounds: UnsafePointer<Float>
  var output: UnsafeMutablePointer<Float>
  let outputStride: Int
  var rows: Int
  /// Whether sums start at zero, or from what is in the output.
  var isFirst = true
  /// Depth that later passes do; at zero bias and bounds come.
  var rest = 0
  /// Bytes from the weights in use to what is fetched ahead.
  var ahead = 0
  /// Bytes to fetch ahead per step of k, or per segment of a row.
  var pace = 0
  /// What is fetched for the caller at the start of a tile, and bytes per row of it.
  var caller: UnsafeRawPointer
  var callerPace = 0

  @inline(__always)
  init(_ job: MatrixArguments, _ column: Int) {
    a = job.a
    caller = UnsafeRawPointer(job.a)
    rowStride = job.rowStride
    segments = job.segments
    segmentStride = job.segmentStride
    weights = job.weights + column * job.depth * job.segments
    bias = job.bias + column
    bounds = job.bounds
    output = job.output + column
    outputStride = job.outputStride
    rows = job.rows
  }
}

/// What the tiles of a pass do besides their products, known at compile time: asking in each of them
/// would take 10 cycles.
private protocol PassKind {
  /// Whether a row of A is several runs.
  static var hasSegments: Bool { get }
  /// Whether tiles fetch something for the caller at their start.
  static var isForCaller: Bool { get }
}

private enum PlainPass: PassKind {
  @inline(__always) static var hasSegments: Bool { false }
  @inline(__always) static var isForCaller: Bool { false }
}

private enum FetchingPass: PassKind {
  @inline(__always) static var hasSegments: Bool { false }
  @inline(__always) static var isForCaller: Bool { true }
}

private enum SegmentPass: PassKind {
  @inline(__always) static var hasSegments: Bool { true }
  @inline(__always) static var isForCaller: Bool { false }
}

/// Full tiles first, then smaller ones for what is left.
///
/// Where rows are no multiple of four, up to three tiles of three rows come last: their nine sums
/// still keep the multiply-adds busy, those of one or two rows wait for each other.
@inline(__always)
private func multiplyRows<Columns: TileColumns, Kind: PassKind>(
  _ pass: MatrixPass, _: Columns.Type, _: Kind.Type
) {
  var pass = pass
  let missing = -pass.rows & 3
  let threes = 3 * missing <= pass.rows ? 3 * missing : 0
  while pass.rows - threes >= FullRows<Columns>.count {
    multiplyTile(&pass, FullRows<Columns>.self, Kind.self)
  }
  while pass.rows - threes >= FourRows<Columns>.count {
    multiplyTile(&pass, FourRows<Columns>.self, Kind.self)
  }
  while pass.rows >= ThreeRows<Columns>.count {
    multiplyTile(&pass, ThreeRows<Columns>.self, Kind.self)
  }
  if pass.rows >= TwoRows<Columns>.count {
    multiplyTile(&pass, TwoRows<Columns>.self, Kind.self)
  }
  if pass.rows > 0 {
    multiplyTile(&pass, OneRow<Columns>.self, Kind.self)
  }
}

/// The next rows of a pass; takes them off the pass.
@inline(__always)
private func multiplyTile<Rows: TileRows, Kind: PassKind>(
  _ pass: inout MatrixPass, _: Rows.Type, _: Kind.Type
) {
  var sums = pass.isFirst ? Rows() : Rows(pass.output, pass.outputStride)
  if !Kind.hasSegments {
    if Kind.isForCaller {
      let end = pass.caller + Rows.count * pass.callerPace
      var line = pass.caller
      while line < end {
        cpu_prefetch(line)
        line += 64
      }
      pass.caller = end
    }
    sums.accumulate(pass)
    pass.ahead += pass.pace * pass.depth
  } else {
    sums.accumulateSegments(pass)
    pass.ahead += pass.pace * pass.segments * Rows.count
  }
  if pass.rest == 0 {
    sums.finish(.load(pass.bias), Bounds(pass.bounds), pass.output, pass.outputStride)
  } else {
    sums.store(pass.output, pass.outputStride)
  }
  pass.a += Rows.count * pass.rowStride
  pass.output += Rows.count * pass.outputStride
  pass.rows -= Rows.count
}

extension TileRows {
  /// Cache lines to fetch in four steps of k: so many that a whole block of weights arrives while 16
  /// rows pass by, a layer of 4 x 4 pixels. With more rows the lines overlap.
  private static var linesAhead: Int {
    let block = 4 * Columns.count * Vector.width * MemoryLayout<Float>.stride
    return max(2, (block * count / 16 + 63) / 64)
  }

  /// Adds the products over one run of A and fetches weights of the next pass meanwhile.
  ///
  /// Four steps at a time, so that counting and fetching cost little beside the multiply-adds: where
  /// another program shares the core, instructions are what runs out first.
  @inline(__always)
  fileprivate mutating func accumulate(_ pass: MatrixPass) {
    var a = pass.a
    var weights = pass.weights
    var next = UnsafeRawPointer(weights) + pass.ahead
    let stride = Columns.count * Vector.width
    var count = pass.depth
    while count >= 4 {
      var line = 0
      while line < Self.linesAhead {
        cpu_prefetch(next + 64 * line)
        line += 1
      }
      next += 4 * pass.pace
      accumulate(a, pass.rowStride, Columns.load(weights))
      accumulate(a + 1, pass.rowStride, Columns.load(weights + stride))
      accumulate(a + 2, pass.rowStride, Columns.load(weights + 2 * stride))
      accumulate(a + 3, pass.rowStride, Columns.load(weights + 3 * stride))
      weights += 4 * stride
      a += 4
      count -= 4
    }
    while count > 0 {
      accumulate(a, pass.rowStride, Columns.load(weights))
      weights += stride
      a += 1
      count -= 1
    }
  }

  /// Adds the products over all runs of A, one after the other, and fetches what the caller asked
  /// for meanwhile.
  @inline(__always)
  fileprivate mutating func accumulateSegments(_ pass: MatrixPass) {
    var start = pass.a
    var weights = pass.weights
    var next = UnsafeRawPointer(weights) + pass.ahead
    var segments = pass.segments
    repeat {
      cpu_prefetch(next)
      if Self.count > 4 { cpu_prefetch(next + 64) }
      next += pass.pace * Self.count
      var k = 0
      while k < MatrixPass.segmentDepth {
        accumulate(start + k, pass.rowStride, Columns.load(weights))
        weights += Columns.count * Vector.width
        k += 1
      }
      start += pass.segmentStride
      segments -= 1
    } while segments != 0
  }
}
