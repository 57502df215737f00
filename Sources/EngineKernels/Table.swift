import KernelInterface

/// This build's doors and sizes.
@inline(never)
package func makeKernelTable() -> KernelTable {
  KernelTable(
    vectorWidth: Vector.width, panelVectors: FullColumns.count,
    tileRows: FullRows<FullColumns>.count, multiply: multiply, depthwise: depthwise,
    prepareRow: prepareRow, average: average,
    probeMultiplyAdd: probeMultiplyAdd, probeRead: probeRead)
}
