import MobileNet
import RealModule
import Reference

/// One convolution layer, step by step, with every step open to change.
///
/// Unchanged it computes what ``ReferenceNetwork`` does. A ``Fault`` changes one step, in float32 to
/// make a subject that errs, in float64 to see what such a subject would yield.
public struct LayerScript<Scalar: Real & BinaryFloatingPoint & Sendable> {
  /// How the input is padded.
  enum Padding {
    /// TensorFlow's `SAME`: surplus zeros after the data.
    case same
    /// As many zeros before as after, the surplus before: PyTorch's `padding=1`.
    case symmetric
  }

  let convolution: Convolution
  /// After preprocessing.
  var input: Tensor<Scalar>
  var weights: Tensor<Scalar>
  var gamma: [Scalar]
  var beta: [Scalar]
  var mean: [Scalar]
  var variance: [Scalar]
  var epsilon = Scalar(Architecture.batchNormEpsilon)
  var padding = Padding.same
  /// Upper end of the clamp; infinity for a plain ReLU.
  var ceiling = Scalar(Architecture.reluCeiling)

  /// The layer at `index` of the network, on `input`; `nil` if it is no convolution.
  init?(parameters: Parameters, layer index: Int, input: Tensor<Scalar>) {
    guard let convolution = parameters.architecture.layers[index].convolution else { return nil }
    let values = parameters.convolution(at: index)
    self.convolution = convolution
    self.input = index == 0 ? Operations.preprocess(input) : input
    weights = Tensor(values.weights)
    gamma = values.gamma.map { Scalar($0) }
    beta = values.beta.map { Scalar($0) }
    mean = values.movingMean.map { Scalar($0) }
    variance = values.movingVariance.map { Scalar($0) }
  }

  /// Computes the layer.
  func run() -> Tensor<Scalar> {
    var y = products()
    let channels = gamma.count
    let scale = (0..<channels).map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
    for index in 0..<y.count {
      let c = index % channels
      let normalized = (y[flat: index] - mean[c]) * scale[c] + beta[c]
      y[flat: index] = normalized <= 0 ? 0 : normalized >= ceiling ? ceiling : normalized
    }
    return y
  }

  private func products() -> Tensor<Scalar> {
    guard padding == .symmetric, convolution.stride > 1 else {
      return Operations.products(
        convolution, input, weights: weights, accumulating: Sum<Scalar>.self
      ).map(\.value)
    }
    // An odd extent is padded (1, 1) as it is. One zero more makes an even one odd; the output that
    // this adds is dropped.
    let shape = [
      input.shape[0], input.shape[1] | 1, input.shape[2] | 1, input.shape[3],
    ]
    let wanted = [
      input.shape[0], (input.shape[1] + 1) / 2, (input.shape[2] + 1) / 2,
      convolution.outputChannels,
    ]
    return Operations.products(
      convolution, input.extended(to: shape), weights: weights, accumulating: Sum<Scalar>.self
    ).map(\.value).cropped(to: wanted)
  }
}

extension Tensor where Scalar: AdditiveArithmetic {
  /// The tensor with zeros added after the data, along height and width.
  fileprivate func extended(to shape: [Int]) -> Tensor {
    var result = Tensor(repeating: .zero, shape: shape)
    result.copy(from: self, rows: self.shape[1], columns: self.shape[2])
    return result
  }

  /// The first rows and columns of the tensor.
  fileprivate func cropped(to shape: [Int]) -> Tensor {
    var result = Tensor(repeating: .zero, shape: shape)
    result.copy(from: self, rows: shape[1], columns: shape[2])
    return result
  }

  private mutating func copy(from other: Tensor, rows: Int, columns: Int) {
    for n in 0..<shape[0] {
      for y in 0..<rows {
        for x in 0..<columns {
          for c in 0..<shape[3] { self[n, y, x, c] = other[n, y, x, c] }
        }
      }
    }
  }
}
