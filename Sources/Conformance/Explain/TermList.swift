import MobileNet
import RealModule
import Reference

/// The terms of the sum behind one element, in the order of the reference's loops.
public struct TermList: Sendable {
  public var terms: [Term]
  /// Taps that fall on padding and add nothing.
  public var paddingTaps: [Tap]
  /// What the terms add up to.
  public var sum: Double { terms.last?.partialSum ?? 0 }

  /// Row and column in a kernel.
  public struct Tap: Hashable, Sendable {
    public var row: Int
    public var column: Int
  }

  /// One product.
  public struct Term: Hashable, Sendable {
    /// Its place in the sum, from 0.
    public var order: Int
    /// Kernel row and column; `nil` where there is no kernel.
    public var tap: Tap?
    /// Where the input is, as the layer reads it: `[n, y, x, c]`, or `[n, class]`.
    public var input: [Int]
    public var x: Double
    public var weight: Double
    /// The sum up to and with this term.
    public var partialSum: Double

    public var product: Double { x * weight }
  }

  /// The terms with the largest products, largest first.
  public func largest(_ count: Int) -> [Term] {
    Array(terms.sorted { abs($0.product) > abs($1.product) }.prefix(count))
  }
}

extension TermList {
  /// - Parameters:
  ///   - input: What the layer reads; the images for the first one.
  ///   - coordinates: Of the element.
  init(_ parameters: Parameters, layer index: Int, input: Tensor<Double>, at coordinates: [Int]) {
    self.init(terms: [], paddingTaps: [])
    let n = coordinates[0]
    let channel = coordinates[coordinates.count - 1]
    switch parameters.architecture.layers[index].operation {
    case .convolution(let convolution):
      add(
        convolution, weights: parameters.convolution(at: index).weights,
        input: index == 0 ? Operations.preprocess(input) : input, at: coordinates)
    case .globalPool:
      for y in 0..<input.shape[1] {
        for x in 0..<input.shape[2] {
          add(input[n, y, x, channel], times: 1, from: [n, y, x, channel])
        }
      }
    case .logits(let inputChannels, _):
      for c in 0..<inputChannels {
        add(
          input[n, 0, 0, c], times: Double(parameters.logits.weights[0, 0, c, channel]),
          from: [n, 0, 0, c])
      }
    case .softmax(let classes):
      // The sum of the exponentials that the softmax divides by.
      let row = input.scalars[n * classes..<(n + 1) * classes]
      let largest = row.max() ?? 0
      for (k, z) in row.enumerated() { add(Double.exp(z - largest), times: 1, from: [n, k]) }
    }
  }

  private mutating func add(
    _ convolution: Convolution, weights: Tensor<Float>, input: Tensor<Double>,
    at coordinates: [Int]
  ) {
    let (n, y, x, channel) = (coordinates[0], coordinates[1], coordinates[2], coordinates[3])
    let rows = convolution.padding(inputSize: input.shape[1])
    let columns = convolution.padding(inputSize: input.shape[2])
    let isDepthwise = convolution.kind == .depthwise
    for i in 0..<convolution.kernelSize {
      for j in 0..<convolution.kernelSize {
        let v = y * convolution.stride + i - rows.before
        let u = x * convolution.stride + j - columns.before
        let tap = Tap(row: i, column: j)
        guard 0..<input.shape[1] ~= v, 0..<input.shape[2] ~= u else {
          paddingTaps.append(tap)
          continue
        }
        for c in isDepthwise ? channel..<channel + 1 : 0..<convolution.inputChannels {
          let weight = isDepthwise ? weights[i, j, c, 0] : weights[i, j, c, channel]
          add(input[n, v, u, c], times: Double(weight), from: [n, v, u, c], tap: tap)
        }
      }
    }
  }

  private mutating func add(
    _ x: Double, times weight: Double, from input: [Int], tap: Tap? = nil
  ) {
    terms.append(
      Term(
        order: terms.count, tap: tap, input: input, x: x, weight: weight,
        partialSum: sum + x * weight))
  }
}
